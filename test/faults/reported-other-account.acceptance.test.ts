import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Header } from 'tar';
import { beforeEach, describe, expect, test } from 'vitest';
import { runSync, startChild } from '../child.ts';
import { shells } from '../modules/on-this-machine.ts';
import { asOther, other, otherAccount } from '../modules/other-account.ts';
import { startRelay } from '../ssh/relay.ts';
import { reported, skipReason, withFiles } from './reported.ts';

const [shell] = shells();
if (shell === undefined) throw new Error('this machine has no shell');
const place = otherAccount(shell);
const { home, victimState, untouched } = place;
const etc = (): unknown => [lstatSync(join(place.top, 'etc')).uid, place.modeOf(join(place.top, 'etc'))];

/** Runs shell text in the directory of the other account, as that account. */
const asOwner = (text: string): string => runSync('setpriv', [...asOther.slice(1), 'sh', '-c', text], { cwd: home() });

/** Writes files of the other account. */
function ownFiles(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(home(name), text, { mode: 0o600 });
    chownSync(home(name), other, other);
  }
}

/** Runs JavaScript in the directory of the other account, as that account, again and again while heal works. */
async function during(attack: string, work: () => Promise<unknown>): Promise<number> {
  const program = `
    const fs = require('node:fs');
    const quietly = (act) => { try { act(); } catch {} };
    let count = 0;
    process.stdin.on('end', () => { console.log('attacks: ' + count); process.exit(); }).resume();
    console.log('started');
    const again = () => { for (let n = 0; n < 20; n += 1) quietly(() => { ${attack} }); setImmediate(again); };
    again();`;
  const options = { cwd: home(), stdin: 'pipe', limitMs: 240_000 } as const;
  const attacker = startChild('setpriv', [...asOther.slice(1), process.execPath, '-e', program], options);
  try {
    await attacker.firstLine;
    await work();
    attacker.child.stdin?.end();
    return Number(/attacks: (\d+)/.exec((await attacker.ended).stdout)?.[1] ?? 0);
  } finally {
    await attacker.stop();
  }
}

describe.skipIf(skipReason !== undefined)('root in the directory of another account', () => {
  const fixture = reported();
  beforeEach(() => chmodSync(place.top, 0o755));

  test('a backup is not written through links that have the names of backups', async () => {
    ownFiles({ 'app.conf': '* * * * * root evil\n' });
    const plant = `for i in $(seq 0 90); do
      ln -s ${place.top}/etc/cron "app.conf.$(date -d "+$i seconds" +%Y-%m-%dT%H:%M:%S)~"; done`;
    asOwner(plant);
    const { code, stdout } = await fixture.run([{ copy: { content: 'x', dest: home('app.conf'), backup: true } }]);
    expect(code, stdout).toBe(0);
    expect(victimState()).toEqual(untouched);
  });

  test('a file that heal creates in a directory cannot be replaced by a link to a file of root', async () => {
    const items = Array.from({ length: 20 }, (_, n) => n);
    const task = { copy: { content: 'n {{ item }}', dest: home('app.conf'), owner: other, mode: '0607' }, loop: items };
    const attack = `for (const name of fs.readdirSync('.')) if (name.startsWith('.heal') && !name.endsWith('L')) {
      fs.symlinkSync('${place.victim}', name + 'L');
      fs.renameSync(name, name + '-taken-L');
      fs.renameSync(name + 'L', name);
      count += 1;
    }`;
    const count = await during(attack, async () => {
      for (let run = 0; run < 2; run += 1) await fixture.run([task]);
    });
    expect(count).toBeGreaterThan(0);
    expect(victimState()).toEqual(untouched);
  });

  test('a link of the other account does not lead changes to files and directories of root', async () => {
    asOwner(`ln -s ${place.top}/etc data; ln -s ${place.victim} link`);
    const tasks = [
      { directory: { path: home('data'), owner: other }, ignore_errors: true },
      { file: { path: home('link'), mode: '0644' }, ignore_errors: true },
      { line: { path: home('link'), line: 'x' }, ignore_errors: true },
    ];
    const { code, stdout } = await fixture.run(tasks);
    expect(code, stdout).toBe(0);
    expect([victimState(), etc()]).toEqual([untouched, [0, '0755']]);
  });

  test('sync does not change what links lead to that replace files meanwhile', async () => {
    mkdirSync(home('www'));
    chownSync(home('www'), other, other);
    const attack = `fs.rmSync('www/index.html', { force: true });
      if (count++ % 2) fs.symlinkSync('${place.victim}', 'www/index.html');
      else fs.writeFileSync('www/index.html', 'index', { mode: 0o600 });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);`;
    const task = { sync: { src: 'www', dest: home('www'), mode: '0644' }, loop: [...'abcdefghij'] };
    const count = await during(attack, async () => {
      for (let run = 0; run < 3; run += 1) await fixture.run([task], { files: { 'files/www/index.html': 'index' } });
    });
    expect(count).toBeGreaterThan(10);
    expect(victimState()).toEqual(untouched);
  });

  test('an upload can be placed by another account than that of the login', async () => {
    const large = 'x\n'.repeat(50_000);
    const more = { become: true, become_user: 'nobody' };
    const { code, stdout } = await fixture.run(
      [
        { copy: { src: 'large', dest: home('large') }, ...more },
        { sync: { src: 'www', dest: home('www') }, ...more },
      ],
      { files: { 'files/large': large, 'files/www/large': large } },
    );
    expect(code, stdout).toBe(0);
    for (const name of ['large', 'www/large']) {
      expect([readFileSync(home(name), 'utf8') === large, lstatSync(home(name)).uid]).toEqual([true, other]);
    }
  });

  test('what an interrupted upload left is removed by a run two days later', async () => {
    const size = 3_000_000;
    const staged = () =>
      readdirSync(home(), { recursive: true, encoding: 'utf8' }).filter((name) => /^\.heal/.test(name));
    const whole = () => staged().some((name) => lstatSync(home(name)).size === size);
    let cut = false;
    const relay = await startRelay(fixture.sshd.port, '127.0.0.1', () => {
      cut ||= whole();
      return !cut;
    });
    try {
      const known = readFileSync(fixture.sshd.knownHosts, 'utf8').replace(
        String(fixture.sshd.port),
        String(relay.port),
      );
      const far = { ...fixture.sshd.variables, port: relay.port, known_hosts_file: 'known' };
      const { stdout } = await fixture.run([{ copy: { src: 'large', dest: home('large') } }], {
        hosts: { far },
        files: { known, 'files/large': 'x'.repeat(size) },
      });
      expect([cut, existsSync(home('large'))], stdout).toEqual([true, false]);
    } finally {
      relay.stop();
    }
    const past = Date.now() / 1000 - 2 * 24 * 3600;
    for (const name of staged().reverse()) utimesSync(home(name), past, past);
    const { code, stdout } = await fixture.run([{ copy: { content: 'small', dest: home('small') } }]);
    expect(code, stdout).toBe(0);
    expect(staged()).toEqual([]);
  });
});

describe.skipIf(skipReason !== undefined)('the tar of busybox', () => {
  const fixture = reported(() => withFiles({ '/usr/bin/tar': { file: '/usr/bin/busybox' } }));

  test('an archive with hard links changes no file outside of the directory that it is extracted to', async () => {
    const entry = (fields: object): Buffer => {
      const block = Buffer.alloc(512);
      new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), size: 0, ...fields }).encode(block);
      return block;
    };
    const hostile = join(place.top, 'hostile.tar');
    const entries = [entry({ path: 'x', type: 'File' }), entry({ path: 'y', type: 'Link', linkpath: place.victim })];
    writeFileSync(hostile, Buffer.concat([...entries, Buffer.alloc(1024)]));
    const unpack = { src: hostile, remote_src: true, dest: home(), owner: other, mode: '0644' };
    const { stdout } = await fixture.run([{ unarchive: unpack }]);
    expect(stdout).toMatch(/changed=1|failed=1/);
    expect(victimState()).toEqual(untouched);
    // The same file system: a hard link is possible.
    linkSync(place.victim, home('possible'));
  });
});
