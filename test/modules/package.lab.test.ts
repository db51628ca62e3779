import { beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { packages } from '../../src/modules/package.ts';
import { runsAllCases } from '../all-cases.ts';
import { startChild } from '../child.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { labShell } from './lab-shell.ts';
import { type Converged, converge, factsHere, type Shell } from './on-this-machine.ts';
import { proven, titles } from './proven.ts';

const facts = { ...factsHere, commands: { 'apt-get': '/usr/bin/apt-get' } };

/** Makes packages, and a repository in a directory that needs no network. */
const repository = `
  set -e
  make() { # NAME VERSION FIELDS [SCRIPT]
    d=$(mktemp -d)
    mkdir -p "$d/DEBIAN" "$d/usr/share/heal-lab" "$d/etc"
    echo "$2" >"$d/usr/share/heal-lab/$1"
    echo "$2" >"$d/etc/$1.conf"
    printf '/etc/%s.conf\\n' "$1" >"$d/DEBIAN/conffiles"
    printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: lab <lab@example.invalid>\\n%sDescription: for tests\\n' \
      "$1" "$2" "$3" >"$d/DEBIAN/control"
    if [ -n "$4" ]; then printf '#!/bin/sh\\n%s\\n' "$4" >"$d/DEBIAN/postinst"; chmod 755 "$d/DEBIAN/postinst"; fi
    chmod -R u+rwX,go+rX "$d"
    dpkg-deb --root-owner-group --build "$d" "/repo/$1_$2.deb" >/dev/null
    rm -r "$d"
  }
  index() {
    cd /repo
    for f in *.deb; do
      dpkg-deb -f "$f"
      printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$f" "$(stat -c %s "$f")" "$(sha256sum "$f" | cut -c 1-64)"
    done >Packages
  }
`;

describeLab('package on a real host', { hosts: ['bare'] }, (lab) => {
  let shell: Shell = { name: '', sh: '', path: '' };
  const exec = (text: string) => lab().host('bare').exec(text);
  const run = (args: JsonObject): Converged =>
    converge(
      shell,
      packages,
      {
        state: 'present', update_cache: false, cache_valid_time: 3600, install_recommends: true, allow_downgrade: false,
        purge: false, autoremove: false, lock_timeout: 60, ...args,
      },
      { facts },
    ); // biome-ignore format: a table

  beforeAll(async () => {
    shell = labShell(lab().host('bare'));
    await exec(`${repository}
      rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /var/lib/apt/lists/*
      mkdir -p /repo /etc/apt/sources.list.d
      echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list.d/lab.list
      make heal-one 1.0 ''
      make heal-two 1.0 'Provides: heal-virtual
'
      make heal-broken 1.0 '' 'echo "the disk is upside down" >&2; exit 3'
      index`);
  });

  test("what the lists don't know is told in apt's own words", () => {
    const done = run({ name: 'heal-one' });
    expect(done.applied[0]?.code).toBe(1);
    expect(done.applied[0]?.stderr.trim().split('\n').at(-1)).toBe('E: Unable to locate package heal-one');
  });

  test('old lists are fetched where a package is missing, and all is installed at once', async () => {
    const done = proven(run({ name: ['heal-one', 'heal-two'], update_cache: true }));
    expect(titles(done)).toEqual(['fetch the package lists', 'install heal-one, install heal-two']);
    expect(await exec('cat /usr/share/heal-lab/heal-one')).toBe('1.0\n');
    expect(titles(run({ name: ['heal-one', 'heal-two'], update_cache: true }))).toEqual([]);
    expect(titles(run({ name: 'heal-virtual' }))).toEqual([]);
    expect(titles(run({ update_cache: true }))).toEqual([]);
    await exec('touch -d "2 hours ago" /var/lib/apt/lists');
    // Lists are a means: old ones are no reason to change a host that has its packages.
    expect(titles(run({ name: 'heal-one', update_cache: true }))).toEqual([]);
    expect(titles(proven(run({ update_cache: true })))).toEqual(['fetch the package lists']);
  });

  if (runsAllCases)
    test('the newest, by what the lists say', async () => {
      expect(titles(run({ name: ['heal-one'], state: 'latest' }))).toEqual([]);
      await exec(`${repository} make heal-one 1.1 ''; index; echo mine >/etc/heal-one.conf`);
      expect(titles(run({ name: 'heal-one', state: 'latest' }))).toEqual([]);
      const done = proven(run({ name: 'heal-one', state: 'latest', update_cache: true, cache_valid_time: 0 }));
      expect(titles(done)).toEqual(['fetch the package lists', 'bring heal-one 1.0 to the newest']);
      expect(await exec('cat /usr/share/heal-lab/heal-one /etc/heal-one.conf')).toBe('1.1\nmine\n');
      await exec(`${repository} make heal-one 1.2 ''; index; apt-get update -qq`);
      expect(titles(proven(run({ name: 'heal-one', state: 'latest' })))).toEqual(['heal-one 1.1 -> 1.2']);
    });

  if (runsAllCases)
    test('a very version, also an older one if that is allowed', () => {
      expect(run({ name: 'heal-one=1.0' }).applied[0]?.stderr).toMatch(/downgrade/);
      const done = proven(run({ name: 'heal-one=1.0', allow_downgrade: true }));
      expect(titles(done)).toEqual(['heal-one 1.2 -> 1.0']);
      expect(titles(run({ name: 'heal-one=1.0' }))).toEqual([]);
    });

  if (runsAllCases)
    test('another package manager at work is waited for', async () => {
      const pid = String(lab().host('bare').pid);
      const lock = `perl -e 'use Fcntl; open F,">>","/var/lib/dpkg/lock-frontend"; my $l=pack("s s l! l! i",F_WRLCK,0,0,0,0); fcntl(F,F_SETLK,$l) or die; open G,">","/run/locked"; close G; sleep 4; open H,">","/run/let-go"; close H'`;
      const holder = startChild('nsenter', ['-a', '-t', pid, '--', 'sh', '-c', lock]);
      await exec('for i in $(seq 600); do [ -e /run/locked ] && exit; sleep 0.1; done; exit 1');
      proven(run({ name: 'heal-two', state: 'absent' }));
      // That it went well although it came before this file is what waiting is.
      await exec('[ -e /run/let-go ]');
      await holder.stop();
    });

  test('a lock that is never let go ends in words', async () => {
    const pid = String(lab().host('bare').pid);
    const lock = `perl -e 'use Fcntl; open F,">>","/var/lib/apt/lists/lock"; my $l=pack("s s l! l! i",F_WRLCK,0,0,0,0); fcntl(F,F_SETLK,$l) or die; open G,">","/run/locked2"; close G; sleep 600'`;
    const holder = startChild('nsenter', ['-a', '-t', pid, '--', 'sh', '-c', lock]);
    await exec('for i in $(seq 600); do [ -e /run/locked2 ] && exit; sleep 0.1; done; exit 1');
    const done = run({ update_cache: true, cache_valid_time: 0, lock_timeout: 1 });
    expect(done.applied[0]?.stderr).toMatch(/Could not get lock/);
    await holder.stop();
    await exec('pkill -x perl || true');
  });

  test("a package whose own script fails is told with dpkg's words", async () => {
    const done = run({ name: 'heal-broken' });
    expect(done.applied[0]?.stderr).toMatch(/the disk is upside down/);
    expect(done.applied[0]?.stderr.trim().split('\n').at(-1)).toMatch(/^dpkg: error .*heal-broken.*E: Sub-process/);
    expect(titles({ first: done.after })).toEqual(['install heal-broken']);
    await exec('dpkg --force-all --remove heal-broken');
  });

  test('removed and purged', async () => {
    proven(run({ name: ['heal-one', 'heal-two', 'heal-nothing'], state: 'absent', purge: true }));
    await exec('[ ! -e /etc/heal-one.conf ]');
    expect(titles(run({ name: ['heal-one', 'heal-two', 'heal-virtual'], state: 'absent' }))).toEqual([]);
  });
});
