import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until } from '../until.ts';
import { recapOf } from './project.ts';
import { reported, skipReason } from './reported.ts';

describe.skipIf(skipReason !== undefined)('runs', () => {
  const fixture = reported();
  const at = (name: string): string => join(fixture.sshd.directory, name);

  test('two runs at once that add lines to one file lose none', async () => {
    writeFileSync(at('lines'), '');
    const project = fixture.project([{ line: { path: at('lines'), line: '{{ run }}' } }]);
    const names: string[] = [];
    for (let pair = 0; pair < 10; pair += 1) {
      const both = [`${pair}a`, `${pair}b`];
      names.push(...both);
      const ended = await Promise.all(
        both.map((run) => fixture.start(project, { args: ['run', 'site', '-e', `run=${run}`] }).done),
      );
      for (const { code, stdout } of ended) expect(code, stdout).toBe(0);
    }
    expect(readFileSync(at('lines'), 'utf8').trimEnd().split('\n').sort()).toEqual(names.sort());
  });

  test('an interrupted run prints a recap and leaves a retry file', async () => {
    const project = fixture.project([{ command: 'true' }, { shell: `echo >'${at('begun')}'; sleep 600` }]);
    const { kill, done } = fixture.start(project);
    await until('the second task runs', () => existsSync(at('begun')));
    kill('SIGINT');
    const { code, stdout } = await done;
    expect(code, stdout).toBe(99);
    expect(recapOf(stdout, 'jack4'), stdout).toMatchObject({ changed: 1 });
    expect(readFileSync(join(project, '.heal/retry/site.txt'), 'utf8')).toMatch(/^jack4$/m);
  });

  // The version with the fault had fetch in its source, but not among its modules: there this test fails for that reason.
  test('fetch writes nothing outside of the project, whatever a host prints', async () => {
    const project = fixture.project([
      { shell: 'echo /../../../../outside', register: 'r' },
      { name: 'Good', fetch: { src: '/etc/hostname', dest: 'fetched/h' } },
      { name: 'Bad', fetch: { src: '/etc/hostname', dest: 'fetched/h{{ r.stdout }}' } },
    ]);
    const { code, stdout } = await fixture.start(project).done;
    expect([1, 2, 3].map((up) => existsSync(join(project, '../'.repeat(up), 'outside')))).toEqual([
      false,
      false,
      false,
    ]);
    expect(readFileSync(join(project, 'fetched/h'), 'utf8')).toBe(readFileSync('/etc/hostname', 'utf8'));
    expect(code, stdout).not.toBe(0);
  });
});
