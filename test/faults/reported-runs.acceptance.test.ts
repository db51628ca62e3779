import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until } from '../until.ts';
import { recapOf } from './project.ts';
import { notHere, reported } from './reported.ts';

describe.skipIf(notHere !== undefined)('runs', () => {
  const scene = reported();
  const at = (name: string): string => join(scene.sshd.directory, name);

  test('two runs at once that add lines to one file lose none', async () => {
    writeFileSync(at('lines'), '');
    const project = scene.project([{ line: { path: at('lines'), line: '{{ run }}' } }]);
    const names: string[] = [];
    for (let pair = 0; pair < 10; pair += 1) {
      const both = [`${pair}a`, `${pair}b`];
      names.push(...both);
      const ended = await Promise.all(
        both.map((run) => scene.start(project, { args: ['run', 'site', '-e', `run=${run}`] }).done),
      );
      for (const { code, stdout } of ended) expect(code, stdout).toBe(0);
    }
    expect(readFileSync(at('lines'), 'utf8').trimEnd().split('\n').sort()).toEqual(names.sort());
  });

  test('an interrupted run prints a recap and leaves a retry file', async () => {
    const project = scene.project([{ command: 'true' }, { shell: `echo >'${at('begun')}'; sleep 600` }]);
    const { kill, done } = scene.start(project);
    await until('the second task runs', () => existsSync(at('begun')));
    kill('SIGINT');
    const { code, stdout } = await done;
    expect(code, stdout).toBe(99);
    expect(recapOf(stdout, 'jack4'), stdout).toMatchObject({ changed: 1 });
    expect(readFileSync(join(project, '.heal/retry/site.txt'), 'utf8')).toMatch(/^jack4$/m);
  });

  test('fetch writes nothing outside of the project, whatever a host prints', async (context) => {
    const project = scene.project([
      { shell: 'echo /../../../../outside', register: 'r' },
      { name: 'Good', fetch: { src: '/etc/hostname', dest: 'fetched/h' } },
      { name: 'Bad', fetch: { src: '/etc/hostname', dest: 'fetched/h{{ r.stdout }}' } },
    ]);
    const { code, stdout, stderr } = await scene.start(project).done;
    // The version in which the fault was found had this module in its source, but not yet among its modules.
    if (/"fetch"/.test(stderr)) context.skip('this heal has no fetch');
    expect([1, 2, 3].map((up) => existsSync(join(project, '../'.repeat(up), 'outside')))).toEqual([
      false,
      false,
      false,
    ]);
    expect(readFileSync(join(project, 'fetched/h'), 'utf8')).toBe(readFileSync('/etc/hostname', 'utf8'));
    expect(code, stdout).not.toBe(0);
  });
});
