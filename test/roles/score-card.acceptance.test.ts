import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { until } from '../until.ts';
import { type Heal, healOn, wholeSiteMs } from './run-heal.ts';
import { quick } from './site-drills.ts';
import { Telegram } from './telegram.ts';

const lib = '/usr/local/lib/openclaw-heal';

describeLab(
  'the score card of a VPS that heals itself',
  { hosts: ['jack4'], state: 'site', jack: 'stopped' },
  (lab) => {
    const telegram = new Telegram();
    let heal: Heal;
    let host: LabHost;
    beforeAll(async () => {
      host = lab().host('jack4');
      const api = await telegram.listen(lab().gateway);
      heal = healOn(lab().hosts, {
        jack4: { ...quick, telegram_token: '4242:token', telegram_chat: '1001', telegram_api: api },
      });
      const { code, stdout, stderr } = await heal.run('run', 'site');
      expect(code, stdout + stderr).toBe(0);
      // After a boot they have a minute or two before they look for the first time.
      await host.exec('systemctl start openclaw-health.service openclaw-disk.service');
    }, wholeSiteMs);
    afterAll(() => {
      telegram.close();
      heal?.remove();
    });
    const card = async (): Promise<Record<string, string>> => {
      const { hosts } = JSON.parse((await heal.run('status', '-o', 'json')).stdout);
      return Object.fromEntries(
        hosts.jack4.rows.map((row: { row: string; holds: boolean; evidence: string }) => [
          row.row,
          row.holds ? 'holds' : row.evidence,
        ]),
      );
    };

    describe('each row', () => {
      const rows: [row: string, breaks: string, mends: string][] = [
        [
          'Jack comes back after a crash',
          'mkdir -p /run/systemd/system/openclaw-jack.service.d; printf "[Service]\\nRestart=no\\n" >/run/systemd/system/openclaw-jack.service.d/x.conf; systemctl daemon-reload',
          'rm -r /run/systemd/system/openclaw-jack.service.d; systemctl daemon-reload',
        ],
        ['Jack starts at boot', 'systemctl disable openclaw-jack', 'systemctl enable openclaw-jack'],
        [
          'Ross can revive Jack',
          'systemctl stop openclaw-health.timer; sleep 3; systemctl stop openclaw-revive-jack.path',
          'systemctl start openclaw-revive-jack.path openclaw-health.timer',
        ],
        [
          'Ross can revive John',
          'systemctl stop openclaw-health.timer; sleep 3; systemctl stop openclaw-revive-john.path',
          'systemctl start openclaw-revive-john.path openclaw-health.timer',
        ],
        [
          "Ross repairs Jack's config",
          'systemctl stop openclaw-acls.path; sleep 1; setfacl -R -b /root/.openclaw',
          `systemctl start openclaw-acls.path; ${lib}/acls`,
        ],
        [
          "The watchdog repairs Jack's config",
          'mv /root/openclaw-watchdog/watchdog.sh /root/openclaw-watchdog/away',
          'mv /root/openclaw-watchdog/away /root/openclaw-watchdog/watchdog.sh',
        ],
        [
          'Docker survives its own restart',
          "sed -i 's/true/false/' /etc/docker/daemon.json; systemctl reload docker; sleep 1",
          "sed -i 's/false/true/' /etc/docker/daemon.json; systemctl reload docker; sleep 1",
        ],
        [
          'Ross is restarted when he hangs',
          'systemctl stop openclaw-health.timer',
          'systemctl start openclaw-health.timer',
        ],
        ['The disk does not fill up', 'systemctl stop openclaw-disk.timer', 'systemctl start openclaw-disk.timer'],
        [
          'Coach gets messages',
          'mv /etc/openclaw-heal/telegram /etc/openclaw-heal/away',
          'mv /etc/openclaw-heal/away /etc/openclaw-heal/telegram',
        ],
      ];

      test('has ten of ten', async () => {
        expect(await card()).toEqual(Object.fromEntries(rows.map(([row]) => [row, 'holds'])));
        const { stdout } = await heal.run('status');
        expect(stdout).toMatch(/^jack4 {2}10\/10$/m);
      });

      test.each(rows)('%s: turns when it is broken, and back', async (row, breaks, mends) => {
        await host.exec(breaks);
        const broken = await card().finally(() => host.exec(mends));
        expect(broken[row]).not.toBe('holds');
        expect((await card())[row]).toBe('holds');
      });
    });

    describe('what users of OpenClaw report is seen, and put right or named by the next run', () => {
      const unit = '/etc/systemd/system/openclaw-jack.service';
      const answers = async (): Promise<boolean> =>
        (await host.attempt('curl -fs -m 5 http://127.0.0.1:18789/healthz')).code === 0;
      // Neither the health timer nor the owner's watchdog mends it first.
      beforeAll(() => host.exec('systemctl stop openclaw-health.timer cron'));
      afterAll(() => host.exec('systemctl start openclaw-health.timer cron'));

      test('a second gateway on the port', async () => {
        await host.exec('systemctl stop openclaw-jack');
        await host.exec('setsid systemd-run --quiet --scope openclaw gateway </dev/null >/root/stray.log 2>&1 &');
        await until('the second gateway answers', answers);
        await host.exec('systemctl start openclaw-jack');
        expect((await card())['Jack comes back after a crash']).toMatch(
          /process \d+ \(openclaw-gatewa\S*\) listens on port 18789|is (activating|failed), exit code 78/,
        );
        expect((await heal.run('run', 'jack-service')).code).toBe(0);
        expect((await card())['Jack comes back after a crash']).toBe('holds');
      });

      test('a unit file that is gone', async () => {
        await host.exec(`rm ${unit}`);
        expect((await card())['Jack starts at boot']).toBe("no unit of Jack's is enabled");
        expect((await heal.run('run', 'jack-service')).code).toBe(0);
        expect((await card())['Jack starts at boot']).toBe('holds');
      });

      test('exit code 78', async () => {
        const config = '/root/.openclaw/openclaw.json';
        await host.exec(`cp -p ${config} /run/good; echo '{ gateway: ' >${config}; systemctl restart openclaw-jack`);
        await until('systemd gives him up', async () =>
          (await host.attempt('systemctl is-failed openclaw-jack')).stdout.includes('failed'),
        );
        expect((await card())['Jack comes back after a crash']).toContain('is failed, exit code 78');
        const { code, stdout } = await heal.run('run', 'jack-service');
        expect(code, stdout).toBe(2);
        expect(stdout).toContain('gateway.mode');
        await host.exec(`cat /run/good >${config}`);
        expect((await heal.run('run', 'jack-service')).code).toBe(0);
        expect((await card())['Jack comes back after a crash']).toBe('holds');
      });
    });
  },
);
