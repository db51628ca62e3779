import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runsAllCases } from '../all-cases.ts';
import { prepareByHand } from '../lab/by-hand.ts';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { until } from '../until.ts';
import { type Heal, healOn } from './run-heal.ts';

const recap = /^(\S+) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)/m;

/** What /etc and /root hold: names, modes, owners and contents. */
async function stateOf(host: LabHost): Promise<string> {
  const said = await host.exec(
    "find /etc /root -xdev -not -path '*/sessions/*' -not -name '*.log' -printf '%p %m %U %G %y %l\\n' | sort; " +
      "find /etc /root -xdev -type f -not -path '*/sessions/*' -not -name '*.log' -print0 | sort -z | xargs -0 sha256sum",
  );
  return createHash('sha256').update(said).digest('hex');
}

async function show(host: LabHost, property: string, scope = ''): Promise<string> {
  const unit = scope === '' ? 'openclaw-jack.service' : 'openclaw-gateway.service';
  const said = await host.exec(`XDG_RUNTIME_DIR=/run/user/0 systemctl ${scope} show -p ${property} --value ${unit}`);
  return said.trim();
}

const health = (host: LabHost): Promise<string> => host.exec('curl -fs http://127.0.0.1:18789/healthz');

/** Docker has no part in it: a host without it boots with less. */
const withoutDocker = (root: string): void => {
  for (const link of [
    'multi-user.target.wants/docker.service',
    'multi-user.target.wants/containerd.service',
    'sockets.target.wants/docker.socket',
  ]) {
    rmSync(join(root, 'etc/systemd/system', link), { force: true });
  }
};
// The suite has a user unit in site.lab.test.ts.
const names = ['fresh', ...(runsAllCases ? ['user', 'byhand', 'broken', 'switch'] : [])];
const hosts = names.map((name) => ({ name, prepare: withoutDocker }));

describeLab('jack-service on real hosts', { hosts, state: 'site', bots: false, jack: 'stopped' }, (lab) => {
  let heal: Heal;
  const run = async (command: string, host: string, ...more: string[]) => {
    const result = await heal.run(command, 'jack-service', '--limit', host, ...more);
    const counts = recap.exec(result.stdout);
    return { ...result, changed: Number(counts?.[3]), failed: Number(counts?.[5]) };
  };
  beforeAll(async () => {
    heal = healOn(lab().hosts, { broken: { jack_start_limit_burst: 5 }, switch: { jack_start_max_sec: 45 } });
    // Its jobs write snapshots and mend configs at minutes of their own.
    const own = names.filter((name) => name === 'fresh' || name === 'broken');
    await Promise.all(own.map((name) => lab().host(name).exec('systemctl stop cron')));
  });
  afterAll(() => heal?.remove());

  // Each part has a host of its own, so the parts run at the same time.
  describe.concurrent('a host that was never touched', () => {
    it.sequential('plans with diffs and changes nothing', async () => {
      const host = lab().host('fresh');
      const before = await stateOf(host);
      const plan = await run('plan', 'fresh');
      expect(plan.stdout).toContain('+ExecStart=/usr/bin/openclaw gateway');
      expect(plan.stdout).toContain('unknown=0');
      expect(plan.code).toBe(0);
      expect(await stateOf(host)).toBe(before);
    });

    it.sequential('is made right by the first run, and left alone by the second', async () => {
      const host = lab().host('fresh');
      const first = await run('run', 'fresh');
      expect(first).toMatchObject({ code: 0, changed: 2, failed: 0 });
      expect(await show(host, 'Restart')).toBe('always');
      expect(await show(host, 'StartLimitBurst')).toBe('10');
      expect(await show(host, 'StartLimitIntervalUSec')).toBe('5min');
      expect(await health(host)).toContain('"ok":true');
      const before = await show(host, 'InvocationID');
      const second = await run('run', 'fresh');
      expect(second).toMatchObject({ code: 0, changed: 0, failed: 0 });
      expect(second.stdout).toContain('2 round trips');
      expect(await show(host, 'InvocationID')).toBe(before);
    });

    it.sequential('heals within ten seconds of a kill -9, as the drill measures it', async () => {
      const drill = await run('drill', 'fresh', '--yes', '--output', 'json');
      expect(drill.code).toBe(0);
      const { drills } = JSON.parse(drill.stdout);
      expect(drills).toHaveLength(1);
      expect(drills[0]).toMatchObject({ drill: 'Jack is killed', status: 'healed' });
    });

    if (runsAllCases)
      it.sequential('says of a frozen Jack that he is frozen, and what helps', async () => {
        const host = lab().host('fresh');
        const pid = await show(host, 'MainPID');
        await host.exec(`kill -STOP ${pid}`);
        const verify = await run('verify', 'fresh');
        await host.exec(`kill -CONT ${pid}`);
        expect(verify.code).toBe(2);
        expect(verify.stdout).toContain(`process ${pid} of openclaw-jack.service is frozen: a signal stopped it`);
        expect(verify.stdout).toContain(`kill -CONT ${pid}`);
        expect(await run('run', 'fresh')).toMatchObject({ code: 0, changed: 0 });
      });

    if (runsAllCases)
      it.sequential('stops a gateway that was started by hand, and no other process', async () => {
        const host = lab().host('fresh');
        await host.exec('systemctl stop openclaw-jack');
        await host.exec(
          'setsid openclaw gateway </dev/null >/root/stray.log 2>&1 & for i in $(seq 300); do curl -fs -m 2 http://127.0.0.1:18789/healthz && exit; sleep 0.1; done; exit 1',
        );
        const result = await run('run', 'fresh');
        expect(result).toMatchObject({ code: 0, changed: 2 });
        expect(result.stdout).toMatch(/stop openclaw-gatewa\S* \(pid \d+\), which listens on port 18789/);
        expect(await health(host)).toContain('"ok":true');
      });
  });

  if (runsAllCases)
    describe.concurrent('a host with the unit of the hand-made way', () => {
      it.sequential('has it adopted without a restart, and its endless crash loops ended', async () => {
        const host = lab().host('byhand');
        await prepareByHand(host);
        expect(await show(host, 'StartLimitIntervalUSec')).toBe('10s');
        const before = await show(host, 'InvocationID');
        const first = await run('run', 'byhand');
        expect(first).toMatchObject({ code: 0, failed: 0 });
        expect(await show(host, 'StartLimitIntervalUSec')).toBe('5min');
        expect(await show(host, 'InvocationID')).toBe(before);
        expect(await run('run', 'byhand')).toMatchObject({ code: 0, changed: 0 });
      });

      it.sequential('has its deleted unit file put back, without a restart, and verify misses it before', async () => {
        const host = lab().host('byhand');
        const before = await show(host, 'InvocationID');
        for (const reload of [':', 'systemctl daemon-reload']) {
          await host.exec(
            `rm /etc/systemd/system/openclaw-jack.service /etc/systemd/system/multi-user.target.wants/openclaw-jack.service; ${reload}`,
          );
          const verify = await run('verify', 'byhand');
          expect(verify.code).toBe(2);
          expect(verify.stdout).toMatch(/not enabled|does not exist/);
          const done = await run('run', 'byhand');
          expect(done.code, done.stdout).toBe(0);
          expect([await show(host, 'InvocationID'), await show(host, 'UnitFileState')]).toEqual([before, 'enabled']);
        }
        expect(await run('run', 'byhand')).toMatchObject({ code: 0, changed: 0 });
      });
    });

  if (runsAllCases)
    describe.concurrent('a host whose user unit OpenClaw wrote', () => {
      it.sequential('keeps it', async () => {
        const host = lab().host('user');
        await host.exec(
          'loginctl enable-linger root; for i in $(seq 600); do [ -S /run/user/0/bus ] && break; sleep 0.1; done; [ -S /run/user/0/bus ] || exit 1; XDG_RUNTIME_DIR=/run/user/0 openclaw gateway install --force',
        );
        const first = await run('run', 'user');
        expect(first).toMatchObject({ code: 0, failed: 0 });
        expect(await show(host, 'StartLimitBurst', '--user')).toBe('10');
        expect(await host.exec('test -e /etc/systemd/system/openclaw-jack.service && echo there || echo none')).toBe(
          'none\n',
        );
        expect(await run('run', 'user')).toMatchObject({ code: 0, changed: 0 });
        const drill = await run('drill', 'user', '--yes');
        expect(drill.stdout).toContain('healed');
        expect(drill.code).toBe(0);
      });

      it.sequential('is left with that one of two units, for it owns the port', async () => {
        const host = lab().host('user');
        await host.exec(
          "printf '[Service]\\nExecStart=/usr/bin/openclaw gateway\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/openclaw-jack.service; systemctl daemon-reload; systemctl enable openclaw-jack",
        );
        expect(await run('run', 'user')).toMatchObject({ code: 0, failed: 0 });
        expect((await host.attempt('systemctl is-enabled openclaw-jack')).stdout).toBe('disabled\n');
        expect(await show(host, 'ActiveState', '--user')).toBe('active');
        expect(await run('run', 'user')).toMatchObject({ code: 0, changed: 0 });
      });
    });

  if (runsAllCases)
    it.concurrent('switches from one way to the other, and a switch that fails leaves Jack as he was', async () => {
      const host = lab().host('switch');
      const to = (way: string, ...more: string[]) => run('run', 'switch', '-e', `jack_service=${way}`, ...more);
      expect(await to('system')).toMatchObject({ code: 0 });
      // A unit of the other way that is left over and switched off changes nothing.
      const leftOver = '/root/.config/systemd/user/openclaw-gateway.service';
      await host.exec(`mkdir -p /root/.config/systemd/user; cp /etc/systemd/system/openclaw-jack.service ${leftOver}`);
      expect((await run('plan', 'switch')).stdout).toContain('nothing to do');
      await host.exec(`rm ${leftOver}`);
      // As ross-access gives Ross his rights: the mask of the ACL is shown as the group's, and OpenClaw refuses that.
      await host.exec('setfacl -m u:101000:rwx,d:u:101000:rwx /root/.openclaw');
      expect((await host.attempt('openclaw gateway install')).stderr).toContain('[unsafe-permissions]');

      const before = await show(host, 'MainPID');
      await host.exec(
        `printf '%s\\n' '#!/bin/sh' '[ "$1 $2" != "gateway install" ] || { openclaw "$@"; echo "made to fail" >&2; exit 1; }' 'exec openclaw "$@"' >/usr/local/bin/failing; chmod 755 /usr/local/bin/failing`,
      );
      const failed = await to('user', '-e', 'jack_binary=/usr/local/bin/failing');
      expect(failed.code).toBe(2);
      expect(failed.stdout).toMatch(/OpenClaw installs the unit: .*Jack runs as before, by openclaw-jack\.service/);
      expect([await show(host, 'MainPID'), await health(host)]).toEqual([before, expect.stringContaining('"ok":true')]);

      for (const [way, other, scope] of [
        ['user', 'openclaw-jack.service', '--user'],
        ['system', 'openclaw-gateway.service', ''],
      ] as const) {
        const plan = await run('plan', 'switch', '-e', `jack_service=${way}`);
        expect(plan.stdout).toMatch(new RegExp(`${other} \\(pid \\d+\\) is stopped`));
        const done = await to(way);
        expect(done.code, done.stdout).toBe(0);
        expect([await show(host, 'ActiveState', scope), await health(host)]).toEqual([
          'active',
          expect.stringContaining('"ok":true'),
        ]);
        expect(await to('auto')).toMatchObject({ code: 0, changed: 0 });
      }
      expect(await host.exec('getfacl -cp /root/.openclaw')).toContain('\nuser:101000:rwx\n');
    });

  if (runsAllCases)
    it.concurrent('gives up a crash loop after five starts, and says why from the journal', async () => {
      const host = lab().host('broken');
      await host.exec('sed -i \'s/"\\?mode"\\?: *"local"/mode: "nowhere"/\' /root/.openclaw/openclaw.json');
      const first = await run('run', 'broken');
      expect(first.code).toBe(2);
      expect(first.stdout).toContain('existing config is missing gateway.mode');
      await host.exec('systemctl reset-failed openclaw-jack; systemctl start openclaw-jack');
      await until('systemd gives him up', async () => (await show(host, 'ActiveState')) === 'failed', 90_000);
    });
});
