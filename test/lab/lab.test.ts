import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runsAllCases } from '../all-cases.ts';
import { runSync } from '../child.ts';
import { until } from '../until.ts';
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

  if (runsAllCases)
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

  if (runsAllCases)
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

if (runsAllCases)
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
