import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runsAllCases } from '../all-cases.ts';
import type { Transcript } from '../cli/built.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { until } from '../until.ts';
import { inventoryOf, playOf, recapOf, type Workplace, workplace, writeFiles } from './project.ts';

const names = ['jack1', 'jack2', 'jack3', 'jack4', 'jack5', 'jack6'] as const;

/** An address of the documentation (RFC 5737): nobody answers there. */
const nobody = '192.0.2.1';

describeLab('a play that does not go to its end', { hosts: [...names] }, (lab) => {
  let place: Workplace;
  beforeAll(() => {
    place = workplace();
  });
  afterAll(() => place?.remove());
  const projectOf = (playbook: string, more: Record<string, Record<string, unknown>> = {}): string =>
    place.project({ 'inventory/hosts.yml': inventoryOf(lab().hosts, more), 'tasks/site.yml': playbook });

  describe('two hosts at a time, with a part that may fail', () => {
    let done: Transcript;
    beforeAll(async () => {
      const tasks = [
        { name: 'It is marked', copy: { content: 'x\n', dest: '/srv/marked' } },
        { name: 'Some fail', fail: { msg: 'as told' }, when: 'fails' },
        { name: 'It is done', copy: { content: 'x\n', dest: '/srv/done' } },
      ];
      const fails = Object.fromEntries(
        names.map((name) => [name, { fails: ['jack1', 'jack3', 'jack4'].includes(name) }]),
      );
      const playbook = playOf(tasks, { serial: 2, max_fail_percentage: 60 });
      done = await place.heal(projectOf(playbook, fails), ['run', 'site']);
    });

    test('one of two is less than that: the next two have their turn', () => {
      expect(recapOf(done.stdout, 'jack1')).toMatchObject({ changed: 1, failed: 1 });
      expect(recapOf(done.stdout, 'jack2')).toMatchObject({ changed: 2, failed: 0 });
    });

    test('two of two are more: no host after them is changed', async () => {
      expect(done.code).toBe(2);
      for (const name of ['jack3', 'jack4'])
        expect(recapOf(done.stdout, name)).toMatchObject({ changed: 1, failed: 1 });
      for (const name of ['jack5', 'jack6']) {
        expect(await lab().host(name).exec('ls /srv')).not.toContain('marked');
      }
    });
  });

  describe('a host that cannot be reached', () => {
    const block = (said: string): object[] => [
      {
        name: 'A risk',
        block: [{ name: 'It is up', copy: { content: 'x\n', dest: '/srv/up' } }],
        rescue: [
          { name: 'Somebody is told', delegate_to: 'localhost', shell: `echo {{ inventory_hostname }} >>${said}` },
        ],
        always: [
          { name: 'It is noted', delegate_to: 'localhost', shell: `echo {{ inventory_hostname }} >>${said}.always` },
        ],
      },
    ];
    const gone = { jack2: { address: nobody, connect_timeout: 2 } };

    test('has its rescue and its always, on the control node', async () => {
      const said = join(projectOf('[]'), 'said');
      const { code, stdout } = await place.heal(projectOf(playOf(block(said)), gone), [
        'run',
        'site',
        '-l',
        'jack1,jack2',
      ]);
      expect(code).toBe(0);
      expect(readFileSync(said, 'utf8')).toBe('jack2\n');
      expect(readFileSync(`${said}.always`, 'utf8').split('\n').sort()).toEqual(['', 'jack1', 'jack2']);
      expect(recapOf(stdout, 'jack1')).toMatchObject({ rescued: 0, unreachable: 0, failed: 0 });
      expect(recapOf(stdout, 'jack2')).toMatchObject({ rescued: 1, unreachable: 0, failed: 0 });
    });

    if (runsAllCases)
      test('without a rescue its always is run, and it counts as unreachable', async () => {
        const said = join(projectOf('[]'), 'said');
        const [risk] = block(said);
        const { rescue: _, ...without } = risk as Record<string, unknown>;
        const { code, stdout } = await place.heal(
          projectOf(playOf([without, { name: 'Never', copy: { content: '', dest: '/srv/never' } }]), gone),
          ['run', 'site', '-l', 'jack2'],
        );
        expect(code).toBe(4);
        expect(existsSync(said)).toBe(false);
        expect(readFileSync(`${said}.always`, 'utf8')).toBe('jack2\n');
        expect(recapOf(stdout, 'jack2')).toMatchObject({ unreachable: 1, failed: 0 });
      });
  });

  test('a host that goes away in a block has its rescue once it is back', async () => {
    const back = join(projectOf('[]'), 'back');
    const playbook = playOf([
      {
        name: 'A risk',
        block: [{ name: 'It goes away', shell: 'systemctl reboot; sleep 60' }],
        rescue: [
          {
            name: 'It is waited for',
            delegate_to: 'localhost',
            shell: `until [ -e '${back}' ]; do sleep 0.1; done`,
            timeout: 120,
          },
          { name: 'It is back', copy: { content: 'x\n', dest: '/srv/back' } },
        ],
      },
    ]);
    const host = lab().host('jack6');
    const before = host.pid;
    const going = place.start(projectOf(playbook), ['run', 'site', '-l', 'jack6']);
    await until('another boot', () => {
      try {
        return host.pid !== before;
      } catch {
        return false;
      }
    });
    await host.settled();
    writeFileSync(back, '');
    const { code, stdout } = await going.done;
    expect(code, stdout).toBe(0);
    expect(recapOf(stdout, 'jack6')).toMatchObject({ rescued: 1, unreachable: 0, failed: 0 });
    expect(await host.exec('cat /srv/back')).toBe('x\n');
  });

  describe('heal itself killed', () => {
    const playbook = (before: string, slow: string): string =>
      stringify([
        {
          name: 'A play',
          hosts: 'all',
          tasks: [
            { name: 'It changes', shell: { cmd: before, creates: '/srv/changed' }, notify: 'It is told' },
            { name: 'It takes long', shell: { cmd: slow, creates: '/srv/slow' } },
          ],
          handlers: [{ name: 'It is told', shell: 'echo told >>/srv/told' }],
        },
      ]);
    /** Kills heal without a word as soon as the task is under way on the host. */
    const killedIn = async (project: string, name: string, sign: string): Promise<void> => {
      const going = place.start(project, ['run', 'site', '-l', name]);
      const host = lab().host(name);
      await until('the task is under way', async () => (await host.attempt(`test -e ${sign}`)).code === 0);
      going.kill('SIGKILL');
      expect((await going.done).code).toBe(null);
    };

    test('after a change, its handler is run by the next run, once', async () => {
      const host = lab().host('jack1');
      const project = projectOf(playbook('touch /srv/changed', 'touch /srv/begun; sleep 300'));
      await killedIn(project, 'jack1', '/srv/begun');
      expect((await host.attempt('cat /srv/told')).code).not.toBe(0);
      writeFiles(project, { 'tasks/site.yml': playbook('touch /srv/changed', 'touch /srv/slow') });
      expect((await place.heal(project, ['run', 'site', '-l', 'jack1'])).code).toBe(0);
      expect(await host.exec('cat /srv/told')).toBe('told\n');
      expect((await place.heal(project, ['run', 'site', '-l', 'jack1'])).code).toBe(0);
      expect(await host.exec('cat /srv/told')).toBe('told\n');
    });

    if (runsAllCases)
      test('before a change landed, its handler is not pending', async () => {
        const host = lab().host('jack2');
        const project = projectOf(playbook('touch /srv/begun; sleep 300; touch /srv/changed', 'true'));
        await killedIn(project, 'jack2', '/srv/begun');
        await host.exec('pkill -KILL -x sleep; rm -f /srv/changed');
        expect(await host.exec('head -qn 1 /var/lib/heal/pending-handlers/*.handler')).toBe('intended\n');
        // It fails again before it has done anything: a handler that is not pending does not run on a host that failed either.
        writeFiles(project, { 'tasks/site.yml': playbook('exit 1', 'true') });
        expect((await place.heal(project, ['run', 'site', '-l', 'jack2', '--force-handlers'])).code).toBe(2);
        expect((await host.attempt('cat /srv/told')).code).not.toBe(0);
      });
  });
});
