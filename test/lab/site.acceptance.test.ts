import { expect, test } from 'vitest';
import { prepareAsNotes, prepareByHand } from './by-hand.ts';
import { describeLab } from './lab-suite.ts';
import { poll } from './process-identity.ts';

// What the roles' tests stand on. They run on such hosts in each run of the suite; these say which part of one is at fault.

describeLab(
  'a site',
  { hosts: ['jack4', { name: 'jack5', subuidStart: 165_536, jack: 'stopped' }], state: 'site' },
  (lab) => {
    test('John and Ross run, and answer, as the shifted uid', async () => {
      for (const [name, uid] of [
        ['jack4', '101000'],
        ['jack5', '166536'],
      ] as const) {
        const host = lab().host(name);
        expect(await host.exec('docker ps --format "{{.Names}} {{.State}}" | sort')).toBe(
          'openclaw-john running\nopenclaw-ross running\n',
        );
        expect(await host.exec('docker exec openclaw-ross sh -c "id -u; openclaw health"')).toBe(
          '1000\n{"ok":true,"status":"live"}',
        );
        const pid = (await host.exec('docker inspect -f "{{.State.Pid}}" openclaw-ross')).trim();
        expect(await host.exec(`stat -c %u /proc/${pid}; systemctl is-system-running`)).toBe(`${uid}\nrunning\n`);
      }
    });

    test('Jack was started by hand and answers', async () => {
      const host = lab().host('jack4');
      expect(await host.exec('curl -fs http://127.0.0.1:18789/healthz')).toBe('{"ok":true,"status":"live"}');
      expect(await host.exec('pgrep -xc openclaw-gatewa; pgrep -f "openclaw gateway$" || echo not by that name')).toBe(
        '1\nnot by that name\n',
      );
      expect(JSON.parse(await host.exec('openclaw health --json --timeout 2000'))).toMatchObject({ ok: true });
    });

    test('a second gateway ends with 78, and with 1 if another program has the port', async () => {
      const second = await lab().host('jack4').attempt('openclaw gateway');
      expect(second.code).toBe(78);
      const stranger = await lab()
        .host('jack5')
        .attempt(
          'busybox httpd -f -p 127.0.0.1:18789 -h /tmp & until curl -s -o /dev/null http://127.0.0.1:18789/; do sleep 0.1; done; openclaw gateway; code=$?; kill $!; exit $code',
        );
      expect(stranger.stdout).toContain('Port 18789 is already in use.');
      expect(stranger.code).toBe(1);
    });

    test.each([
      ['2026.9.6', 78],
      ['2026.2.9', 1],
    ] as const)('version %s leaves a bad config with %i', async (version, code) => {
      const host = lab().host('jack5');
      await host.exec(`echo '{"version":"${version}"}' > /etc/openclaw-lab.json; echo '{ gateway: {' > /tmp/bad.json`);
      const said = await host.attempt(
        'OPENCLAW_CONFIG_PATH=/tmp/bad.json openclaw gateway; echo $?; rm /etc/openclaw-lab.json',
      );
      expect(said.stdout).toMatch(new RegExp(`missing gateway.mode.*\\n${code}\\n$`, 's'));
    });

    test("the owner's watchdog puts back the newest good config, twice an hour at most", async () => {
      const host = lab().host('jack5');
      const broken = 'echo "{ broken" > /root/.openclaw/openclaw.json; /root/openclaw-watchdog/watchdog.sh; echo $?';
      await host.exec('echo "{ also broken" > /root/.openclaw/openclaw.json.bak');
      expect(await host.exec(broken)).toBe('0\n');
      expect(await host.exec('tail -1 /root/openclaw-watchdog/watchdog.log; openclaw config validate')).toMatch(
        /restored from \/root\/\.openclaw\/openclaw\.json\.bak\.1\nConfig valid/,
      );
      expect(await host.exec(`${broken}; ${broken}`)).toBe('0\n1\n');
      await host.exec('cp /root/.openclaw/openclaw.json.bak.2 /root/.openclaw/openclaw.json');
    });

    test("containers and Jack's files outlive a pulled plug; Jack himself does not", async () => {
      const host = lab().host('jack5');
      await host.reboot();
      expect(await host.exec('docker ps -q | wc -l; ls /root/.openclaw/agents/main/sessions/*.jsonl | wc -l')).toBe(
        '2\n3\n',
      );
      expect((await host.attempt('curl -fs http://127.0.0.1:18789/healthz')).code).toBe(7);
    });
  },
);

const prepared = { state: 'site', jack: 'stopped', hosts: ['by-plan', 'by-notes'] } as const;
describeLab('hosts prepared by hand', prepared, (lab) => {
  test('by the plan: Jack runs in its unit, whose start limit systemd ignored', async () => {
    const host = lab().host('by-plan');
    const said = await prepareByHand(host, [1, 2, 3, 4, 5]);
    expect(said.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(
      await host.exec('systemctl is-active openclaw-jack; systemctl show openclaw-jack -p StartLimitIntervalUSec'),
    ).toBe('active\nStartLimitIntervalUSec=10s\n');
    expect(await host.exec('docker exec openclaw-ross ls /host')).toBe('jack-backups\njack-config\nwatchdog-flags\n');
  }, 60_000);

  test('by the notes: Jack runs in the user unit that OpenClaw wrote', async () => {
    const host = lab().host('by-notes');
    await prepareAsNotes(host);
    const user = 'XDG_RUNTIME_DIR=/run/user/0 systemctl --user';
    expect(await host.exec(`${user} is-active openclaw-gateway; ${user} is-enabled openclaw-gateway`)).toBe(
      'active\nenabled\n',
    );
    expect(await host.exec('getfacl -pc /root/openclaw-backups | grep 101000')).toContain('user:101000:rwx');
    const answers = () =>
      host.attempt('curl -fs http://127.0.0.1:18789/healthz').then(({ code }) => code === 0 || undefined);
    expect(await poll(answers, 15_000)).toBe(true);
  }, 60_000);
});
