import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { recapOf } from '../faults/project.ts';
import { noSshd } from '../ssh/sshd.ts';
import { until } from '../until.ts';
import { webHosts } from './web-hosts.ts';

/** Shell text that kills the process of sshd that it runs under. */
const killSession = `p=$$
until [ "$(cat /proc/$p/comm)" = sshd ]; do
  p=$(sed -n 's/^PPid:\\t//p' /proc/$p/status); [ "$p" -gt 1 ] || exit
done; kill -9 $p`;

describe.skipIf(noSshd !== undefined)('tasks that are delegated to another host', () => {
  const { run, at, note, traced, connectionsToB } = webHosts();

  test('change that host only if no other run is changing it', async () => {
    const begun = at('begun');
    const first = run([{ shell: `: >${begun}; until [ -e ${at('go')} ]; do sleep 0.05; done`, delegate_to: 'lb' }], {
      args: ['--limit', 'a'],
    });
    await until('the first run changes the host', () => existsSync(begun));
    const second = await run([{ ...note('second'), delegate_to: 'lb' }], {
      args: ['--limit', 'b', '--lock-timeout', '0'],
    });
    writeFileSync(at('go'), '');
    expect((await first).code).toBe(0);
    expect(second.code, second.stdout).toBe(2);
    expect(second.stdout).toContain('another run is changing');
    expect(traced()).toEqual([]);
  });

  test('leave that host to other runs when they are done', async () => {
    const first = run([{ ...note('first'), delegate_to: 'lb' }, { wait_for: { path: at('leave'), timeout: 60 } }], {
      args: ['--limit', 'a'],
    });
    await until('the first run has changed the host', () => traced().length === 1);
    const second = await run([{ ...note('second'), delegate_to: 'lb' }], {
      args: ['--limit', 'b', '--lock-timeout', '20'],
    });
    writeFileSync(at('leave'), '');
    expect((await first).code).toBe(0);
    expect(second.code, second.stdout).toBe(0);
    expect(traced()).toEqual(['first', 'second']);
  });

  test('give no result to heal verify, not even that of the same question to their own host', async () => {
    const stat = { stat: { path: '/etc/passwd' } };
    const { code, stdout, stderr } = await run(
      [
        { ...stat, register: 'own' },
        { ...stat, register: 'other', delegate_to: 'lb' },
      ],
      {
        command: 'verify',
        args: ['--limit', 'a'],
        play: { roles: ['web'] },
        files: {
          'roles/web/verify/main.yml': stringify([
            { name: 'Own', assert: { that: 'own.stat.exists' } },
            { name: 'Other', assert: { that: 'other.stat.exists' } },
          ]),
        },
      },
    );
    expect(stdout, stderr).toMatch(/^a \| ok +\| verify web : Own$/m);
    expect(stdout).toContain('other has no value yet');
    expect(code, stdout).toBe(2);
  });

  test('to a host that is not in the inventory are an error before any connection', async () => {
    const { code, stderr } = await run([note('never'), { command: 'true', delegate_to: 'lbx' }]);
    expect(code).toBe(5);
    expect(stderr).toContain('there is no host "lbx" in the inventory');
    expect(stderr).toContain('did you mean "lb"?');
    expect(stderr).toMatch(/play\.yml:\d+:\d+/);
    expect(traced()).toEqual([]);
  });

  test('to a host whose name a result gives fail if the inventory does not have it', async () => {
    const { code, stdout } = await run(
      [
        { shell: 'echo nowhere', register: 'r' },
        { command: 'true', delegate_to: '{{ r.stdout }}', ignore_errors: true },
        note('after it'),
      ],
      { args: ['--limit', 'a'] },
    );
    expect(code, stdout).toBe(0);
    expect(stdout).toContain('there is no host "nowhere" in the inventory');
    expect(traced()).toEqual(['after it']);
  });

  test('to a host that cannot be reached make their own host unreachable, unless that is ignored', async () => {
    const tasks = [
      { command: 'true', delegate_to: 'lb', ignore_unreachable: true, when: 'inventory_hostname == "b"' },
      { command: 'true', delegate_to: 'lb', when: 'inventory_hostname == "a"' },
      note('after it on $WHERE'),
    ];
    const before = connectionsToB();
    const { code, stdout } = await run(tasks, { lb: { port: 9 } });
    expect(code, stdout).toBe(4);
    expect(connectionsToB()).toBe(before + 1);
    expect(recapOf(stdout, 'a ')).toMatchObject({ unreachable: 1 });
    expect(recapOf(stdout, 'b ')).toMatchObject({ unreachable: 0, ignored: 1, changed: 1 });
    expect(stdout).toContain('delegated to lb: connection refused by 127.0.0.1 port 9');
    expect(traced()).toEqual(['after it on b']);
  });

  test.each([
    ['after the change', (file: string) => ({ copy: { dest: file, content: 'x' } }), { fail: { msg: 'no' } }, 2],
    [
      'by the change',
      (file: string) => ({ shell: { cmd: `: >${file}; ${killSession}`, creates: file } }),
      { debug: { msg: 'not run' } },
      4,
    ],
  ])('leave their handlers to the next run of their own host if the run ends %s', async (_when, change, next, code) => {
    const file = at('changed');
    const tasks = [{ ...change(file), delegate_to: 'lb', notify: 'Tell' }];
    const differences = {
      args: ['--limit', 'a'],
      play: { handlers: [{ name: 'Tell', ...note('handler on $WHERE') }] },
    };
    const first = await run([...tasks, next], differences);
    expect(first.code, first.stdout).toBe(code);
    expect(traced()).toEqual([]);
    const second = await run(tasks, { ...differences, again: true });
    expect(second.code, second.stdout).toBe(0);
    expect(recapOf(second.stdout, 'a ')).toMatchObject({ changed: 1 });
    expect(traced()).toEqual(['handler on a']);
    rmSync(file);
  });

  test('log in again where a task has broken the connection, and the round trips of both connections count', async () => {
    const tasks = [
      { shell: killSession, delegate_to: 'lb', ignore_unreachable: true },
      { ...note('again on $WHERE'), delegate_to: 'lb' },
      note('after it on $WHERE'),
    ];
    const { code, stdout } = await run(tasks, { args: ['--limit', 'a', '--output', 'json'] });
    expect(code, stdout).toBe(0);
    expect(traced()).toEqual(['again on lb', 'after it on a']);
    const { roundTrips, hosts } = JSON.parse(stdout);
    // One program on each connection, at least.
    expect(roundTrips - hosts.a.roundTrips, stdout).toBeGreaterThanOrEqual(2);
  });
});
