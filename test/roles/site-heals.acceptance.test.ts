import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { until } from '../until.ts';
import { type Heal, healOn, wholeSiteMs } from './run-heal.ts';
import { quick } from './site-drills.ts';
import { Telegram } from './telegram.ts';

const token = '4242:a-token-that-nobody-sees';

describeLab('a VPS that heals itself', { hosts: ['jack4'], state: 'site', jack: 'stopped' }, (lab) => {
  const telegram = new Telegram();
  let heal: Heal;
  let host: LabHost;
  const said = new Map<string, string>();
  beforeAll(async () => {
    host = lab().host('jack4');
    const api = await telegram.listen(lab().gateway);
    heal = healOn(lab().hosts, {
      jack4: { ...quick, telegram_token: token, telegram_chat: '1001', telegram_api: api },
    });
    for (const [key, args] of [
      ['plan', ['plan', 'site', '-v', '--diff']],
      ['run', ['run', 'site', '-v', '--diff']],
      ['json', ['run', 'site', '-o', 'json', '--diff']],
    ] as const) {
      const { code, stdout, stderr } = await heal.run(...args);
      said.set(key, stdout + stderr);
      expect(code, stdout + stderr).toBe(0);
    }
    // After a boot they have a minute or two before they look for the first time.
    await host.exec('systemctl start openclaw-health.service openclaw-disk.service');
  }, 3 * wholeSiteMs);
  afterAll(() => {
    telegram.close();
    heal?.remove();
  });
  const lib = '/usr/local/lib/openclaw-heal';
  const state = '/var/lib/openclaw-heal';

  /** Until nothing is on its way to Coach, and so many messages are still queued. */
  const sent = (queued: number): Promise<void> =>
    until(`${queued} messages are queued, and none is being sent`, async () => {
      const found = await host.exec(`ls ${state}/alerts; systemctl is-active openclaw-alert.service || :`);
      return found.split('\n').filter((line) => line.endsWith('.txt')).length === queued && found.includes('inactive');
    });

  describe('Coach', () => {
    test('is told of an event once', async () => {
      telegram.told.length = 0;
      await host.exec(`${lib}/alert tried 'this & "that" was tried: 100 %'`);
      await until('a message', () => telegram.told.length > 0);
      await sent(0);
      expect(telegram.told).toEqual([
        { path: `/bot${token}/sendMessage`, chat: '1001', text: 'jack4: this & "that" was tried: 100 %\n[tried]\n' },
      ]);
    });

    test('is told later of what could not be sent, once', async () => {
      telegram.told.length = 0;
      telegram.answers = false;
      await host.exec(`${lib}/alert tried one; ${lib}/alert tried two`);
      await sent(2);
      telegram.answers = true;
      await until('both messages', () => telegram.told.length >= 2);
      await sent(0);
      expect(telegram.told.map(({ text }) => text)).toEqual(['jack4: one\n[tried]\n', 'jack4: two\n[tried]\n']);
    });

    test("has a token that is in no list of processes, no log, no diff, and no file but root's", async () => {
      telegram.told.length = 0;
      const answer = telegram.hold();
      await host.exec(`${lib}/alert tried slowly`);
      await until('curl waits for the answer', () => telegram.told.length > 0);
      const processes = await host.exec("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'");
      answer();
      expect(processes).toMatch(/^curl$/m);
      for (const text of [processes, ...said.values(), await host.exec('journalctl --no-pager')])
        expect(text).not.toContain(token);
      const found = await host.exec(
        `grep -rlF '${token}' /etc /var/lib /var/log /root /usr/local /run 2>/dev/null || :`,
      );
      expect(found).toBe('/etc/openclaw-heal/telegram\n');
      expect(await host.exec('stat -c "%a %U" /etc/openclaw-heal/telegram')).toBe('600 root\n');
    });
  });

  test('Ross, in his container, reads what OpenClaw has just rewritten, drops the flag, and Jack is a new process', async () => {
    const before = (await host.exec('systemctl show -P MainPID openclaw-jack')).trim();
    const config = '/root/.openclaw/openclaw.json';
    await host.exec(`install -m 600 ${config} ${config}.new && mv ${config}.new ${config}`);
    const inRoss = (text: string) => host.attempt(`docker exec openclaw-ross sh -c '${text}'`);
    await until(
      'he reads it',
      async () => (await inRoss('grep -q gateway /host/jack-config/openclaw.json')).code === 0,
      3000,
    );
    expect((await inRoss('touch /host/watchdog-flags/revive-jack.flag')).code).toBe(0);
    await until('a new process', async () => {
      const now = (await host.exec('systemctl show -P MainPID openclaw-jack')).trim();
      return now !== before && now !== '0';
    });
  });

  test('a drill that is interrupted puts back what it broke', async () => {
    const config = await host.exec('cat /root/.openclaw/openclaw.json');
    const going = heal.start('drill', 'site', '--yes', '--tags', 'config');
    await until(
      'it is broken',
      async () => (await host.attempt('test -e /var/lib/openclaw-heal/drill-config')).code === 0,
    );
    await until('the config is broken', async () => (await host.exec('cat /root/.openclaw/openclaw.json')) !== config);
    going.kill('SIGINT');
    expect((await going.done).code).toBe(99);
    expect(await host.exec('cat /root/.openclaw/openclaw.json')).toBe(config);
    expect(await host.exec(`ls ${state} | grep drill || :`)).toBe('');
    await until('Jack runs', async () => (await host.attempt('systemctl is-active openclaw-jack')).code === 0);
    await host.exec(`rm -f ${state}/jack.*`);
  });

  describe('limits', () => {
    const revive = (...args: string[]) => host.attempt(`${lib}/revive ${args.join(' ')}`);
    const pid = async (): Promise<string> => (await host.exec('systemctl show -P MainPID openclaw-jack')).trim();
    beforeAll(() => host.exec(`systemctl stop openclaw-health.timer; rm -f ${state}/jack.*`));
    afterAll(() => host.exec(`rm -f ${state}/jack.*; systemctl start openclaw-health.timer`));

    test('timer and watchdog revive a bot twice an hour together, and the third refusal is reported to Coach once', async () => {
      telegram.told.length = 0;
      const codes: number[] = [];
      for (const reason of ['health', 'watchdog', 'health', 'watchdog']) {
        await host.exec(`rm -f ${state}/jack.last`);
        codes.push((await revive('jack', reason)).code);
      }
      expect(codes).toEqual([0, 0, 3, 3]);
      await until('word of the refusal', () => telegram.told.some(({ text }) => text.includes('[refused]')));
      expect(telegram.told.filter(({ text }) => text.includes('[refused]'))).toHaveLength(1);
    });

    test('a flag acts all the same, once in fifteen seconds', async () => {
      await host.exec(`rm -f ${state}/jack.last`);
      const before = await pid();
      expect((await revive('jack', 'flag')).code).toBe(0);
      const after = await pid();
      expect(after).not.toBe(before);
      expect((await revive('jack', 'flag')).code).toBe(0);
      expect(await pid()).toBe(after);
    });

    test('a flag revives a Jack whose stop would take minutes: he is killed', async () => {
      const dropIn = '/run/systemd/system/openclaw-jack.service.d';
      await host.exec(
        `mkdir -p ${dropIn}; printf '[Service]\\nExecStop=/bin/sleep 300\\n' >${dropIn}/slow.conf; systemctl daemon-reload`,
      );
      await host.exec(`rm -f ${state}/jack.last`);
      const before = await pid();
      await host.exec('touch /root/openclaw-watchdog/flags/revive-jack.flag');
      await until('a new process', async () => !['0', before].includes(await pid()), 20_000);
      await host.exec(`rm -r ${dropIn}; systemctl daemon-reload`);
      await until('who revived him has ended', async () =>
        /^(inactive|failed)/.test(await host.exec('systemctl is-active openclaw-revive-jack.service || :')),
      );
    });

    test('a drill neither spends the allowance nor is stopped by it', async () => {
      await host.exec(`rm -f ${state}/jack.last; touch ${state}/drill; cp ${state}/jack.automatic ${state}/kept`);
      expect((await revive('jack', 'health')).code).toBe(0);
      await host.exec(`cmp ${state}/jack.automatic ${state}/kept; rm ${state}/kept ${state}/drill`);
    });

    test('maintenance stops all of them, and takes the flag away', async () => {
      await host.exec(`rm -f ${state}/jack.last; touch /root/openclaw-watchdog/maintenance`);
      const before = await pid();
      for (const reason of ['flag', 'health', 'watchdog']) expect((await revive('jack', reason)).code).toBe(3);
      const flags = '/root/openclaw-watchdog/flags';
      await host.exec(`touch ${flags}/revive-jack.flag`);
      await until('the flag is gone', async () => (await host.exec(`ls ${flags}`)) === '');
      await until('who took it away has ended', async () =>
        /^(inactive|failed)/.test(await host.exec('systemctl is-active openclaw-revive-jack.service || :')),
      );
      await host.exec('rm /root/openclaw-watchdog/maintenance');
      expect(await pid()).toBe(before);
    });

    test('wrong words are refused', async () => {
      expect(await revive('jim', 'flag')).toMatchObject({ code: 2 });
      expect(await revive('jack', 'boredom')).toMatchObject({ code: 2 });
    });
  });

  test('the score card has ten of ten', async () => {
    const { stdout } = await heal.run('status');
    expect(stdout).toMatch(/^jack4 {2}10\/10$/m);
  });
});
