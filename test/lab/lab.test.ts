import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runSync } from '../child.ts';
import { until } from '../until.ts';
import { prepareAsNotes, prepareByHand } from './by-hand.ts';
import { run } from './command.ts';
import type { LabHost } from './host.ts';
import { startLab } from './lab.ts';
import { describeLab, describeWhereBootable } from './lab-suite.ts';
import { openLab } from './open-lab.ts';
import { poll } from './process-identity.ts';
import { type LabRecord, readRecords, writeRecord } from './record.ts';
import { slowLine } from './slow-line.ts';

/** Everything on this machine that bears the name of a lab. */
function tracesOf({ id, helpers }: LabRecord): string[] {
  const links = runSync('ip', ['-br', 'link']);
  const groups = runSync('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', `heal-${id}*`]);
  const processes = runSync('ps', ['-eo', 'stat,pid,args']).split('\n');
  const running = processes.filter((line) => !line.startsWith('Z') && line.includes(`--machine=${id}`));
  const mounts = readFileSync('/proc/mounts', 'utf8');
  return [...`${links}${mounts}${groups}`.split('\n').filter((line) => line.includes(id)), ...running].concat(
    helpers.filter(({ pid }) => processes.some((line) => line.trim().split(/\s+/)[1] === String(pid))).map(String),
    readRecords()
      .filter((record) => record.id === id)
      .map(() => 'its record'),
  );
}

async function login(host: LabHost, command: string, address: string = host.address): Promise<string> {
  const options = ['StrictHostKeyChecking=yes', `UserKnownHostsFile=${host.knownHostsFile}`, 'BatchMode=yes'];
  const args = ['-F', 'none', '-i', host.identityFile, ...options.flatMap((option) => ['-o', option])];
  return await run('ssh', [...args, `root@${address}`, command]);
}

describeLab('bare hosts', { hosts: ['one', { name: 'two' }] }, (lab) => {
  test('each runs, under its own name, with nothing failed', async () => {
    for (const host of lab().hosts) {
      const said = await host.exec('hostname; systemctl is-system-running; systemctl --failed --no-legend');
      expect(said).toBe(`${host.name}\nrunning\n`);
    }
  });

  test('root logs in with strict host key checking from the first time on', async () => {
    expect(await login(lab().host('one'), 'hostname')).toBe('one\n');
    expect(await login(lab().host('two'), 'hostname')).toBe('two\n');
  });

  test('no two share host keys or a machine id', async () => {
    const [one, two] = lab().hosts.map((host) => host.knownHosts[0]?.split(' ')[2]);
    expect(one).not.toBe(two);
    const ids = await Promise.all(lab().hosts.map((host) => host.exec('cat /etc/machine-id')));
    expect(new Set(ids).size).toBe(2);
  });

  test('a command that fails is an error with its host, text, code and output', async () => {
    await expect(lab().host('one').exec('echo so; echo why >&2; exit 3')).rejects.toThrow(
      'one: echo so; echo why >&2; exit 3 ended with 3: so\n\nwhy',
    );
  });

  test('logind knows who calls from outside: linger can be switched on, and user units run', async () => {
    const said = await lab()
      .host('two')
      .exec(
        'loginctl enable-linger root; for i in $(seq 600); do [ -S /run/user/0/bus ] && break; sleep 0.1; done; XDG_RUNTIME_DIR=/run/user/0 systemctl --user is-system-running --wait',
      );
    expect(said).toBe('running\n');
  });

  test('after a pulled plug, and after an orderly reboot, the disk is as it was and the boot a new one', async () => {
    const host = lab().host('one');
    const bootOf = () => host.exec('cat /proc/sys/kernel/random/boot_id /root/kept');
    await host.exec('echo kept > /root/kept; sync');
    const boots = [await bootOf()];
    await host.reboot();
    boots.push(await bootOf());
    const before = host.pid;
    await host.exec('systemctl reboot');
    await poll(() => isAnother(host, before), 20_000);
    await host.settled();
    boots.push(await bootOf());
    expect(new Set(boots).size).toBe(3);
    expect(boots.every((boot) => boot.endsWith('\nkept\n'))).toBe(true);
  });

  test('a slow line takes its time in both directions', async () => {
    const line = await slowLine(lab(), lab().host('two'), { delayMs: 25 });
    const begun = performance.now();
    expect(await login(lab().host('two'), 'hostname', line.address)).toBe('two\n');
    expect(performance.now() - begun).toBeGreaterThan(8 * 50);
    line.stop();
    line.stop();
  });
});

function isAnother(host: LabHost, before: number): true | undefined {
  try {
    return host.pid !== before ? true : undefined;
  } catch {
    return undefined; // between two boots
  }
}

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

    test('a second gateway gives up with 78, and with 1 where a stranger holds the port', async () => {
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

describeWhereBootable('what a lab leaves behind', () => {
  test('nothing, after it was stopped, and stopping twice is fine', async () => {
    const lab = await startLab({ hosts: ['gone'] });
    await slowLine(lab, lab.host('gone'), { delayMs: 1 });
    expect(tracesOf(lab.record).length).toBeGreaterThan(4);
    lab.stop();
    // Our own children are still to be collected.
    await until('nothing is left', () => tracesOf(lab.record).length === 0).catch(() => {});
    expect(tracesOf(lab.record)).toEqual([]);
    lab.stop();
  }, 60_000);

  test('nothing, once the next lab opened, though its owner died', async () => {
    const crashed = await startLab({ hosts: ['left'] });
    writeRecord({ ...crashed.record, owner: { pid: process.pid, started: '0' } }); // somebody else had our number
    const next = await openLab({});
    expect(tracesOf(crashed.record)).toEqual([]);
    next.stop();
  }, 60_000);

  test('a living lab is not touched by the next one', async () => {
    const living = await startLab({ hosts: ['living'] });
    (await openLab({})).stop();
    expect(await living.host('living').exec('systemctl is-system-running')).toBe('running\n');
    living.stop();
  }, 60_000);
});
