import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifest } from '../../src/backups/manifest.ts';
import { runsAllCases } from '../all-cases.ts';
import { runSync } from '../child.ts';
import { inventoryOf, recapOf, type Workplace, workplace } from '../faults/project.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { until } from '../until.ts';

// A row that is only in the write-ahead log of a database, whose writer goes on, and a transcript beside it.
const bots = `
  mkdir -p /root/.openclaw/agents/main/sessions /root/.openclaw/memory /root/.openclaw/cache /root/openclaw-clients/john/workspace
  printf '{ // Jack\\n  gateway: { mode: "local", port: 18789, },\\n}\\n' >/root/.openclaw/openclaw.json
  chmod 600 /root/.openclaw/openclaw.json
  echo '{"said":"hello"}' >/root/.openclaw/agents/main/sessions/1.jsonl
  echo cached >/root/.openclaw/cache/x
  echo 'services: {}' >/root/openclaw-clients/john/docker-compose.yml
  echo note >/root/openclaw-clients/john/workspace/a.md
  chown -R 101000:101000 /root/openclaw-clients/john/workspace
  mkfifo /run/sql
  db=/root/.openclaw/memory/main.sqlite
  setsid sh -c 'exec sqlite3 /root/.openclaw/memory/main.sqlite <>/run/sql >/run/said 2>&1' &
  printf '%s\\n' 'pragma journal_mode=wal;' 'create table t(x);' 'pragma wal_checkpoint;' "insert into t values('new');" "select 'ready';" >/run/sql
  until grep -q ready /run/said; do sleep 0.05; done
`;

describeLab('a backup on demand', { hosts: ['jack4'] }, (lab) => {
  let place: Workplace;
  let project = '';
  const kept = (): string[] => {
    const directory = join(project, 'backups/jack4');
    return existsSync(directory)
      ? readdirSync(directory)
          .filter((name) => name !== '.gitignore')
          .sort()
      : [];
  };
  const run = (...args: string[]) => place.heal(project, ['backup', 'jack4', ...args]);
  const left = (): Promise<string> => lab().host('jack4').exec('ls /var/tmp | grep heal-backup || true');
  beforeAll(async () => {
    place = workplace();
    project = place.project({
      'inventory/hosts.yml': inventoryOf(lab().hosts).replace(/^all:/, 'vps:'),
    });
    await lab().host('jack4').exec(bots);
  });
  afterAll(() => place?.remove());

  test('a plan says what it would take, and takes nothing', async () => {
    const { code, stdout, stderr } = await place.heal(project, ['plan', 'backup']);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain('+ back up 2 paths to backups/jack4');
    expect(kept()).toEqual([]);
  });

  test('holds the bots as they are, with the newest row of a database that is in use', async () => {
    const { code, stdout } = await run();
    expect(code, stdout).toBe(0);
    expect(recapOf(stdout, 'jack4')).toMatchObject({ changed: 1, failed: 0 });
    expect(stdout).toMatch(/backups\/jack4\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ: 5 files, /);
    const [name = ''] = kept();
    const backup = join(project, 'backups/jack4', name);
    const manifest = await readManifest(backup);
    expect(manifest.databases).toEqual([{ path: 'root/.openclaw/memory/main.sqlite', how: 'sqlite3' }]);
    const found = new Map(manifest.members.map((member) => [member.path, member]));
    expect([...found.keys()].filter((path) => path.includes('cache'))).toEqual([]);
    expect(found.get('root/.openclaw/openclaw.json')).toMatchObject({ mode: '0600', uid: 0 });
    expect(found.get('root/openclaw-clients/john/workspace/a.md')).toMatchObject({ uid: 101000, gid: 101000 });
    expect(found.has('root/.openclaw/agents/main/sessions/1.jsonl')).toBe(true);
    const out = join(project, 'out');
    mkdirSync(out);
    runSync('tar', ['-C', out, '-xzf', join(backup, 'archive.tar.gz')]);
    expect(runSync('sqlite3', [join(out, 'root/.openclaw/memory/main.sqlite'), 'select x from t'])).toBe('new\n');
    expect(await left()).toBe('');
  });

  test('is restored on the host, and what was there is kept beside it', async () => {
    const host = lab().host('jack4');
    const plan = await place.heal(project, ['backup', 'restore', 'jack4', '--to', 'host', '--check']);
    expect(plan.code, plan.stdout).toBe(0);
    const [name] = kept();
    expect(plan.stdout).toContain(
      `~ restore /root/.openclaw of ${name}; what is replaced is kept as /root/.openclaw.before-`,
    );
    await host.exec(
      'cp -a /root/.openclaw /run/copy; rm -r /root/.openclaw/memory; echo "{" >/root/.openclaw/openclaw.json',
    );
    const restored = await place.heal(project, ['backup', 'restore', 'jack4', '--to', 'host']);
    expect(restored.code, restored.stdout).toBe(0);
    expect(recapOf(restored.stdout, 'jack4')).toMatchObject({ changed: 1, failed: 0 });
    const list = 'find . -path ./cache -prune -o -name "main.sqlite*" -o -printf "%P %m %U %G %T@ %l\\n" | sort';
    expect(await host.exec(`cd /root/.openclaw; ${list}`)).toBe(await host.exec(`cd /run/copy; ${list}`));
    expect(await host.exec('sqlite3 /root/.openclaw/memory/main.sqlite "select x from t"')).toBe('new\n');
    expect(await host.exec('cat /root/.openclaw.before-*/openclaw.json; ls -A /root | grep heal; true')).toBe('{\n');
    // As it was, for the tests that follow.
    await host.exec('rm -r /root/.openclaw /root/.openclaw.before-*; mv /run/copy /root/.openclaw');
  });

  if (runsAllCases)
    test('a part of it is restored, where the time is named', async () => {
      const host = lab().host('jack4');
      await host.exec('echo edited >/root/openclaw-clients/john/workspace/a.md');
      const file = '/root/openclaw-clients/john/docker-compose.yml';
      const day = kept()[0]?.slice(0, 10) ?? '';
      await host.exec(`echo edited >${file}`);
      const restored = await place.heal(project, [
        'backup',
        'restore',
        'jack4',
        '--to',
        'host',
        '--only',
        file,
        '--at',
        day,
      ]);
      expect(restored.code, restored.stdout).toBe(0);
      expect(await host.exec(`cat ${file} ${file}.before-* /root/openclaw-clients/john/workspace/a.md`)).toBe(
        'services: {}\nedited\nedited\n',
      );
      const none = await place.heal(project, ['backup', 'restore', 'jack4', '--to', 'host', '--at', '2001']);
      expect(none.code).toBe(2);
      expect(none.stderr).toContain('there is no backup of jack4 in PROJECT/backups/jack4 from 2001 or before');
    });

  test('a configuration that does not parse keeps nothing, and what was kept stays', async () => {
    const before = kept();
    await lab()
      .host('jack4')
      .exec('cp -p /root/.openclaw/openclaw.json /run/good; echo "{ gateway: " >/root/.openclaw/openclaw.json');
    const { code, stdout } = await run();
    await lab().host('jack4').exec('cat /run/good >/root/.openclaw/openclaw.json');
    expect(code).toBe(2);
    expect(stdout).toContain(
      'no backup was kept: /root/.openclaw/openclaw.json is not valid JSON5: invalid end of input at 2:1',
    );
    expect(kept()).toEqual(before);
    expect(await left()).toBe('');
  });

  test('a line that is cut in the middle leaves nothing on either side, and the next one succeeds', async () => {
    const before = kept();
    const host = lab().host('jack4');
    // Far more than passes before the cut, and nothing that gzip could make small.
    await host.exec('head -c 150000000 /dev/urandom >/root/.openclaw/big');
    const begun = place.start(project, ['run', 'backup', '--limit', 'jack4']);
    const directory = join(project, 'backups/jack4');
    const partial = (): string[] =>
      existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.partial')) : [];
    const size = (name: string): number =>
      statSync(join(directory, name, 'archive.tar.gz'), { throwIfNoEntry: false })?.size ?? 0;
    await until('some of it is here', () => partial().some((name) => size(name) > 1_000_000));
    await host.exec('pkill -KILL -f "^sshd(-session)?: root" || pkill -KILL -f "sshd.*root@"');
    const { code, stdout } = await begun.done;
    expect(code, stdout).toBe(4);
    expect(stdout).toMatch(/unreachable=1/);
    expect(kept()).toEqual(before);
    await until('nothing is left on the host', async () => (await left()) === '');
    await host.exec('rm /root/.openclaw/big');
    const next = await run();
    expect(next.code, next.stdout).toBe(0);
    expect(kept().length).toBe(before.length + 1);
  });
});
