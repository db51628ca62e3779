import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { until } from '../until.ts';
import { playOf, recapOf, type Workplace, workplace } from './project.ts';

// Two people run heal against one host at the same time.
describe.skipIf(noSshd !== undefined)('pairs of runs on one host at once', () => {
  let place: Workplace;
  let sshd: Sshd;
  let project = '';
  const at = (name: string): string => join(sshd.directory, name);
  const linesOf = (name: string): string[] => readFileSync(at(name), 'utf8').trimEnd().split('\n');

  beforeAll(async () => {
    place = workplace();
    sshd = await startSshd();
    const lines = [1, 2].map((n) => ({
      name: `Line ${n}`,
      lineinfile: { path: at('lines'), line: `{{ run }}.${n}` },
      notify: 'Restart',
    }));
    const restart = { name: 'Restart', shell: `echo '{{ run }}' >>'${at('restarts')}'` };
    const hold = { name: 'Hold', shell: `echo $$ >'${at('holder')}'; sleep 600` };
    project = place.project({
      'inventory/hosts.yml': stringify({ all: { hosts: { jack4: sshd.variables } } }),
      'tasks/lines.yml': playOf(lines, { handlers: [restart] }),
      'tasks/hold.yml': playOf([hold]),
    });
  });
  afterAll(() => {
    sshd?.stop();
    place?.remove();
  });

  const run = (playbook: string, name: string, ...more: string[]) =>
    place.start(project, ['run', playbook, '-e', `run=${name}`, ...more]);

  test('20 pairs lose no line and run each handler once', async () => {
    writeFileSync(at('lines'), '');
    writeFileSync(at('restarts'), '');
    const names: string[] = [];
    for (let pair = 1; pair <= 20; pair++) {
      const both = [`${pair}a`, `${pair}b`];
      names.push(...both);
      const ended = await Promise.all(both.map((name) => run('lines', name).done));
      for (const { code, stdout, stderr } of ended) {
        expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
        expect(recapOf(stdout, 'jack4')).toMatchObject({ changed: 3, failed: 0, unreachable: 0 });
      }
    }
    expect(linesOf('lines').sort()).toEqual(names.flatMap((name) => [`${name}.1`, `${name}.2`]).sort());
    expect(linesOf('restarts').sort()).toEqual([...names].sort());
  });

  test('a run that is killed frees the host for the next within 10 seconds', async () => {
    for (let round = 1; round <= 3; round++) {
      rmSync(at('holder'), { force: true });
      const first = run('hold', 'first');
      await until('the first run changes the host', () => existsSync(at('holder')));
      process.kill(first.pid, 'SIGKILL');
      // If the lock is not free within 10 seconds, this run fails.
      const { code, stdout } = await run('lines', `killed${round}`, '--lock-timeout', '10').done;
      expect(code, stdout).toBe(0);
      await first.done;
    }
  });
});
