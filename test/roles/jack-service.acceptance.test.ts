import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { until } from '../until.ts';
import { type Heal, healOn } from './run-heal.ts';

const limitMs = 300_000;
const realHosts = ['system', 'user'];

describeLab(
  'jack-service with the real OpenClaw',
  { hosts: realHosts, state: 'site', bots: false, openclaw: 'real' },
  (lab) => {
    let heal: Heal;
    beforeAll(() => {
      heal = healOn(lab().hosts, { system: { jack_service: 'system' }, user: { jack_service: 'user' } });
    });
    afterAll(() => heal?.remove());

    it.each(realHosts)(
      'ends healthy as a unit of the %s, and stays as it is',
      async (name) => {
        const on = (command: string, ...args: string[]) =>
          heal.runFor(limitMs, command, 'jack-service', '--limit', name, ...args);
        const first = await on('run');
        expect(first.stdout).toMatch(/failed=0/);
        expect(first.code).toBe(0);
        const said = await lab().host(name).exec('openclaw health --json --timeout 10000');
        expect(JSON.parse(said)).toMatchObject({ ok: true });
        const second = await on('run');
        expect(second.stdout).toMatch(/changed=0/);
        expect(second.code).toBe(0);
        const drill = await on('drill', '--yes');
        expect(drill.stdout).toContain('Jack is a new process');
        expect(drill.code).toBe(0);
      },
      limitMs,
    );
  },
);

/** Takes the place of `openclaw`: `gateway install` does what it should, and fails at the point that /run/fail-at names. */
const failing = `#!/bin/sh
unit=/root/.config/systemd/user/openclaw-gateway.service
case "$1 $2 $(cat /run/fail-at)" in
  'gateway install begun') echo 'made to fail' >&2; exit 1 ;;
  'gateway install written') openclaw "$@"; systemctl --user disable --now openclaw-gateway; echo 'made to fail' >&2; exit 1 ;;
  'gateway install started') openclaw "$@"; echo 'made to fail' >&2; exit 1 ;;
  'gateway install broken') openclaw "$@" && sed -i 's|^ExecStart=.*|ExecStart=/bin/false|' $unit && systemctl --user daemon-reload; exit ;;
esac
exec openclaw "$@"
`;

describeLab(
  'jack-service switched from one way to the other with the real OpenClaw',
  { hosts: ['jack4'], state: 'site', bots: false, openclaw: 'real', jack: 'stopped' },
  (lab) => {
    let heal: Heal;
    let host: LabHost;
    const to = (way: string, ...args: string[]) =>
      heal.runFor(limitMs, 'run', 'jack-service', '-e', `jack_service=${way}`, ...args);
    const answers = async (): Promise<boolean> =>
      (await host.attempt('curl -fs -m 5 http://127.0.0.1:18789/healthz')).code === 0;
    const pid = async (): Promise<string> => (await host.exec('systemctl show -P MainPID openclaw-jack')).trim();
    beforeAll(async () => {
      host = lab().host('jack4');
      heal = healOn(lab().hosts);
      const { code, stdout } = await to('system');
      expect(code, stdout).toBe(0);
      await host.exec(
        `cat >/usr/local/bin/openclaw-failing <<'EOT'\n${failing}EOT\nchmod 755 /usr/local/bin/openclaw-failing`,
      );
    }, limitMs);
    afterAll(() => heal?.remove());

    describe('what fails is undone, and Jack answers', () => {
      it.each(['begun', 'written', 'started'])(
        'when the installation fails: %s',
        async (point) => {
          await host.exec(`echo ${point} >/run/fail-at`);
          const before = await pid();
          const { code, stdout } = await to('user', '-e', 'jack_binary=/usr/local/bin/openclaw-failing');
          expect(code).toBe(2);
          expect(stdout).toMatch(/OpenClaw installs the unit: .*Jack runs as before, by openclaw-jack\.service/);
          expect([await answers(), await pid()]).toEqual([true, before]);
        },
        limitMs,
      );

      it(
        'when the new unit does not run',
        async () => {
          await host.exec('echo broken >/run/fail-at');
          const { code, stdout } = await to('user', '-e', 'jack_binary=/usr/local/bin/openclaw-failing');
          expect(code).toBe(2);
          expect(stdout).toMatch(/The new way has started: .*Jack runs as before, by openclaw-jack\.service/);
          expect(await answers()).toBe(true);
          expect((await to('system')).stdout).toMatch(/changed=0/);
        },
        limitMs,
      );
    });

    it(
      'answers after a switch to the user way, and back',
      async () => {
        for (const way of ['user', 'system']) {
          const { code, stdout, stderr } = await to(way);
          expect(code, stdout + stderr).toBe(0);
          await until('Jack answers', answers, 60_000);
          expect((await to(way)).stdout).toMatch(/changed=0/);
          // What is there is kept.
          expect((await to('auto')).stdout).toMatch(/changed=0/);
        }
      },
      3 * limitMs,
    );
  },
);
