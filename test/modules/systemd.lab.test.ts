import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision, Module } from '../../src/core/module.ts';
import { process as strays } from '../../src/modules/process.ts';
import { systemd } from '../../src/modules/systemd.ts';
import { unit as unitModule } from '../../src/modules/unit.ts';
import { unit } from '../../src/probes/unit.ts';
import { runsAllCases } from '../all-cases.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { until } from '../until.ts';
import { apply, ask, type Converged, converge, decide, inputOf, type Shell } from './on-this-machine.ts';

describeLab('systemd on a real host', { hosts: ['bare'] }, (lab) => {
  let shell: Shell = { name: '', sh: '', path: '' };
  const exec = (text: string) => lab().host('bare').exec(text);
  const run = (args: JsonObject, module: Module = systemd): Converged =>
    converge(shell, module, { scope: 'system', ...args });
  const titles = ({ first }: Converged): string[] => first.changes.map(({ title }) => title);
  const service = (name: string, exec: string, more = ''): string => `
    cat >/etc/systemd/system/${name}.service <<'EOT'
[Unit]
StartLimitIntervalSec=60
StartLimitBurst=3
[Service]
ExecStart=${exec}
${more}
[Install]
WantedBy=multi-user.target
EOT
`;

  /** Changed as said, as predicted, and then nothing more to do. */
  function proven(done: Converged, expected: readonly string[]): Converged {
    expect(done.first.failed).toBeUndefined();
    expect(titles(done)).toEqual(expected);
    expect(done.applied.map(({ code, stderr }) => [code, stderr])).toEqual(expected.map(() => [0, '']));
    for (const { predicted, asked } of done.predicted) expect(asked).toEqual(predicted);
    expect(done.after).toMatchObject({ changes: [] });
    expect(done.after.failed).toBeUndefined();
    return done;
  }

  beforeAll(async () => {
    shell = {
      name: 'bare',
      sh: '/bin/sh',
      path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      enter: ['nsenter', '-a', '-t', String(lab().host('bare').pid), '--'],
    };
    await exec(`${service('good', '/bin/sleep 1000', 'Restart=always\nRestartSec=100ms')}
      ${service('crash', "/bin/sh -c 'echo the config is bad; sleep 0.3; exit 3'")}
      ${service('once', '/bin/true', 'Type=oneshot')}
      systemctl daemon-reload`);
  }, 120_000);

  describe('the unit module and its probe', () => {
    test('units, aliases and missing units are distinguished', () => {
      const questions = ['good', 'nothing-like-this.service', 'ssh.service', 'sshd.service', 'cron'].map((name) =>
        unit(name, { scope: 'system' }),
      );
      const states = ask(shell, questions);
      expect(questions.map(({ key }) => states.get(key))).toMatchObject([
        {
          kind: 'present',
          value: {
            id: 'good.service',
            unitFileState: 'disabled',
            restart: 'always',
            restartMs: 100,
            startLimitBurst: 3,
            startLimitIntervalMs: 60_000,
          },
        },
        { kind: 'absent' },
        { kind: 'present', value: { id: 'ssh.service' } },
        { kind: 'present', value: { id: 'ssh.service' } },
        { kind: 'present', value: { id: 'cron.service', activeState: 'active', unitFileState: 'enabled' } },
      ]);
    });

    test('a bad name spoils only its own answer', () => {
      const questions = [unit('a@.service', { scope: 'system' }), unit('cron', { scope: 'system' })];
      const states = ask(shell, questions);
      expect(questions.map(({ key }) => states.get(key)?.kind)).toEqual(['unavailable', 'present']);
    });

    test('without a user manager it is said that there is none', async () => {
      await exec('loginctl disable-linger root; systemctl stop user@0.service');
      const question = unit('good', { scope: 'user' });
      expect(ask(shell, [question]).get(question.key)).toEqual({
        kind: 'unavailable',
        why: 'no user manager runs for root: turn on lingering for it',
      });
    });
  });

  test('a unit is enabled and started, then left alone', () => {
    proven(run({ unit: 'good', state: 'started', enabled: true }), ['enable good.service', 'start good.service']);
    proven(run({ unit: 'good', state: 'started', enabled: true }), []);
    const check = (args: JsonObject): Decision =>
      decide(shell, unitModule, { scope: 'system', unit: 'good', ...args }, inputOf()).decision;
    expect(check({ active: true, enabled: true, restart: 'always', sub: 'running' }).failed).toBeUndefined();
    expect(check({ active: false, enabled: false, steady: 1000 }).failed).toMatch(
      /^good\.service is active, not inactive, is enabled, not disabled, has been active for \d+ s, not 1000$/,
    );
  });

  test('a restart is proven by another run', () => {
    proven(run({ unit: 'good', state: 'restarted' }), ['restart good.service']);
  });

  test('a changed unit file is read again, without a restart', async () => {
    const pid = await exec('systemctl show -p MainPID good');
    await exec(
      'mkdir -p /etc/systemd/system/good.service.d; printf "[Unit]\\nStartLimitBurst=7\\n" >/etc/systemd/system/good.service.d/heal.conf',
    );
    const done = run({ unit: 'good', state: 'started' });
    expect(titles(done)).toEqual(['reload the unit files of the system manager']);
    expect([done.after.changes, await exec('systemctl show -p MainPID good')]).toEqual([[], pid]);
  });

  test('a killed main process is a new one soon', async () => {
    const before = decide(shell, unitModule, { unit: 'good', scope: 'system', new_process: true }, inputOf());
    const done = run({ unit: 'good', signal: 'KILL' });
    expect([titles(done), done.after.changes]).toEqual([['send SIGKILL to the main process of good.service'], []]);
    const wanted = { unit: 'good', scope: 'system', active: true, new_process: true };
    const look = () => decide(shell, unitModule, wanted, inputOf(), before.answers);
    let after = look();
    await until('good.service has a new main process', () => {
      after = look();
      return after.decision.failed === undefined;
    });
    const same = decide(
      shell,
      unitModule,
      { unit: 'good', scope: 'system', new_process: true },
      inputOf(),
      after.answers,
    );
    expect(same.decision.failed).toBe('good.service has no new main process');
  });

  test('a service that crashes right after its start has not started, and its journal says why', () => {
    const done = run({ unit: 'crash', state: 'started' });
    expect(done.applied[0]).toMatchObject({ code: 1, stderr: expect.stringContaining('the config is bad') });
    expect(done.after.changes.map(({ title }) => title)).toEqual(['start crash.service (it had failed: exit-code)']);
  });

  if (runsAllCases)
    test('one that hit its start limit can be started once it is mended', async () => {
      await exec(
        'for i in 1 2 3 4; do systemctl start crash || true; while systemctl is-active -q crash; do sleep 0.1; done; done',
      );
      expect(await exec('systemctl show -p Result --value crash')).toMatch(/start-limit-hit|exit-code/);
      await exec(`${service('crash', '/bin/sleep 1000')} systemctl daemon-reload`);
      const done = run({ unit: 'crash', state: 'started' });
      expect(done.applied).toMatchObject([{ code: 0 }]);
      expect(done.after.changes).toEqual([]);
    });

  test('one that waits for its next try, the last that its start limit allows, is started once its cause is gone', async () => {
    await exec(`${service('late', "/bin/sh -c 'test -e /run/well && exec sleep 1000'", 'Restart=always\nRestartSec=1h')}
      systemctl daemon-reload`);
    for (const _ of [1, 2]) {
      await exec('systemctl start late');
      await expect.poll(() => exec('systemctl show -P SubState late')).toMatch(/^auto-restart/);
    }
    await exec('touch /run/well');
    proven(run({ unit: 'late', state: 'started' }), ['start late.service (it was auto-restart)']);
    await exec('systemctl stop late');
  });

  test('a oneshot is started, and its success is its proof', () => {
    proven(run({ unit: 'once', state: 'started' }), ['start once.service']);
  });

  test('stopped, disabled and masked', () => {
    proven(run({ unit: 'good', state: 'stopped', enabled: false }), [
      'disable good.service',
      expect.stringMatching(/^stop good\.service \(pid \d+\)$/),
    ]);
    expect(run({ unit: 'nothing-like-this', state: 'stopped', enabled: false }).first).toMatchObject({ changes: [] });
    expect(run({ unit: 'nothing-like-this', state: 'started' }).first.failed).toBe(
      'there is no unit nothing-like-this.service',
    );
    expect(titles(run({ unit: 'cron', masked: true, state: 'stopped' }))).toEqual([
      'mask cron.service',
      expect.stringMatching(/^stop cron\.service/),
    ]);
    expect(run({ unit: 'cron', state: 'started' }).first.failed).toBe("cron.service is masked, so it can't be started");
    expect(titles(run({ unit: 'cron', masked: false }))).toEqual(['unmask cron.service']);
    expect(run({ unit: 'cron', enabled: true, state: 'started' }).after.changes).toEqual([]);
  });

  test('units of root itself, from outside any session', async () => {
    await exec(`loginctl enable-linger root; systemctl start user@0.service; mkdir -p /root/.config/systemd/user
      printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=default.target\\n' >/root/.config/systemd/user/gateway.service`);
    const args = { unit: 'gateway', scope: 'user', state: 'started', enabled: true };
    const done = run(args);
    expect(done.applied.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(done.after.changes).toEqual([]);
    expect(run(args).first.changes).toEqual([]);
  });

  test('a stray is stopped; the unit itself and whatever is a main process is not', async () => {
    const sshd = '/usr/sbin/sshd -D -p 4711 -o ListenAddress=127.0.0.1';
    // As the kernel writes a listener on 127.0.0.1:4711.
    const listens =
      'for i in $(seq 600); do grep -q "0100007F:1267 [^ ]* 0A " /proc/net/tcp && exit; sleep 0.1; done; exit 1';
    await exec(`${service('listen', sshd)} systemctl daemon-reload; systemctl start listen; ${listens}`);
    const args = { port: 4711, scope: 'system', state: 'absent', grace: 2 };
    expect(run({ ...args, except_unit: 'listen' }, strays).first.changes).toEqual([]);
    expect(run(args, strays).first).toMatchObject({
      failed: expect.stringMatching(/^sshd \(pid \d+\) on port 4711 is the main process of listen\.service$/),
    });
    await exec(
      `systemctl stop listen; systemd-run --scope --quiet --unit stray ${sshd} </dev/null >/dev/null 2>&1 & ${listens}`,
    );
    const done = run({ ...args, except_unit: 'listen' }, strays);
    expect(titles(done)).toEqual([expect.stringMatching(/^stop sshd/)]);
    expect([done.applied.map(({ code }) => code), done.after.changes]).toEqual([[0], []]);
  });

  test('guards notice a unit that was changed meanwhile', async () => {
    const question = unit('cron', { scope: 'system' });
    const states = ask(shell, [question]);
    const change = {
      title: '',
      sign: '~',
      expects: [question],
      act: { kind: 'program', script: { kind: 'sh', text: ':', shown: ':' } },
    } as const;
    expect(apply(shell, change, states).code).toBe(0);
    await exec('systemctl stop cron');
    expect(apply(shell, change, states).code).toBe(97);
    await exec('systemctl start cron');
  });
});
