import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Manifest, readManifest } from '../../src/backups/manifest.ts';
import type { Act } from '../../src/core/change.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { backup } from '../../src/modules/backup.ts';
import { archive } from '../../src/run/transfer/archive.ts';
import { joinSh, sh } from '../../src/shell/sh.ts';
import { connectHere } from '../../src/ssh/here.ts';
import { runSync, type Started, startChild } from '../child.ts';
import { until } from '../until.ts';
import { decide, inputOf, shells } from './on-this-machine.ts';

const content = { size: 0, sha256: '', open: async function* () {} };

describe.each(shells())('a backup under $name', (shell) => {
  const { signal } = new AbortController();
  const gnu = shell.name.startsWith('dash');
  let directory = '';
  const at = (name: string): string => join(directory, name);
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-backup-'));
    mkdirSync(at('data/cache'), { recursive: true });
    writeFileSync(at('data/config.json'), '{ // JSON5\n  a: 1 }', { mode: 0o600 });
    writeFileSync(at('data/cache/x'), 'cached');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const decided = (args: JsonObject) => {
    const all = {
      paths: [at('data')],
      optional: [],
      exclude: ['cache'],
      databases: ['*.sqlite'],
      parses: [],
      dest: 'kept',
      ...args,
    };
    return decide(shell, backup, all, inputOf({ locals: { dest: { ...content, path: at('kept') } } })).decision;
  };
  const made = async (args: JsonObject = {}, more: { timeout?: number; tools?: string } = {}) => {
    const act = decided(args).changes[0]?.act;
    if (act?.kind !== 'archive') throw new Error('no archive is to be made');
    return receive(act, more);
  };
  /** `tools`: the only directory in which the script finds programs. */
  const receive = async (act: Extract<Act, { kind: 'archive' }>, more: { timeout?: number; tools?: string } = {}) => {
    const how = { argv: [shell.sh], path: shell.path };
    const connection = await connectHere(sh`:`, () => undefined, signal, how);
    const pack = more.tools === undefined ? act.pack : joinSh([sh`export PATH=${more.tools}`, act.pack], '\n');
    try {
      let counted = 0;
      const count = (bytes: number): void => {
        counted += bytes;
      };
      const done = await archive(connection, { ...act, pack }, { signal, timeout: more.timeout, count });
      expect(counted).toBe(done.result['size']);
      return done;
    } finally {
      await connection.close();
    }
  };
  const backups = (): string[] => readdirSync(at('kept')).filter((name) => name !== '.gitignore');
  const only = (): string => {
    const names = backups();
    expect(names.length).toBe(1);
    return at(`kept/${names[0]}`);
  };
  const paths = ({ members }: Manifest): string[] =>
    members.map(({ path }) => path.replace(`${directory.slice(1)}/`, '')).sort();

  test('the plan names the paths and the directory, and what does not exist', () => {
    expect(decided({ optional: [at('none')] }).changes).toMatchObject([
      { title: 'back up 1 path to kept', sign: '+', touches: [] },
    ]);
    expect(decided({ paths: [at('data'), at('none')] })).toMatchObject({
      changes: [],
      failed: `${at('none')} does not exist`,
      hint: 'correct "paths", or name it in "optional"',
    });
  });

  if (!gnu) {
    test('without GNU tar on the host, the error names the package to install, and no backup is stored', async () => {
      await expect(made()).rejects.toThrow('its tar is not GNU tar, which a backup needs: install the package tar');
      expect(backups()).toEqual([]);
    });
    return;
  }

  test('contains each file unchanged, is readable only for its owner, and has a manifest', async () => {
    const odd = ['plain', 'with space', 'line\nbreak', "it's", 'back\\slash', '-dash', '$(id)', 'ünï', '*'];
    for (const name of odd) writeFileSync(at(`data/${name}`), name);
    chmodSync(at('data/plain'), 0o751);
    symlinkSync('plain', at('data/link'));
    const { message, result } = await made();
    const kept = only();
    expect(message).toMatch(/^kept\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ: 10 files, \d+ bytes$/);
    expect(result['path']).toBe(`kept/${kept.slice(at('kept/').length)}`);
    const manifest = await readManifest(kept);
    expect(paths(manifest)).toEqual(
      ['data', 'data/config.json', 'data/link', ...odd.map((name) => `data/${name}`)].sort(),
    );
    const plain = manifest.members.find(({ path }) => path.endsWith('/plain'));
    expect(plain).toMatchObject({
      type: 'file',
      size: 5,
      mode: '0751',
      uid: 0,
      sha256: createHash('sha256').update('plain').digest('hex'),
    });
    expect(manifest.members.find(({ path }) => path.endsWith('/link'))).toMatchObject({
      type: 'link',
      target: 'plain',
    });
    expect(manifest.warnings).toEqual([]);
    const bytes = readFileSync(join(kept, 'archive.tar.gz'));
    expect(manifest.archive).toEqual({
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    const modes = [kept, join(kept, 'archive.tar.gz'), join(kept, 'manifest.json')].map(
      (p) => statSync(p).mode & 0o777,
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
    expect(readFileSync(at('kept/.gitignore'), 'utf8')).toBe('*\n');
    mkdirSync(at('out'));
    runSync('tar', ['-C', at('out'), '-xzf', join(kept, 'archive.tar.gz')]);
    for (const name of odd) expect(readFileSync(join(at('out'), directory, 'data', name), 'utf8')).toBe(name);
    expect(readdirSync('/var/tmp').filter((name) => name.startsWith('heal-backup.'))).toEqual([]);
  });

  test('two backups within the same second are separate', async () => {
    const [first, second] = await Promise.all([made(), made()]);
    expect(first.result['path']).not.toBe(second.result['path']);
    expect(backups().length).toBe(2);
  });

  describe('a SQLite database that is in use', () => {
    /** A program that holds the database open, with a row that is only in its write-ahead log. */
    const inUse = async (path: string): Promise<Started> => {
      const writer = startChild('sqlite3', [path], { stdin: 'pipe' });
      writer.child.stdin?.write(
        "pragma journal_mode=wal;\ncreate table t(x);\npragma wal_checkpoint;\ninsert into t values('new');\nselect 'ready';\n",
      );
      await until('the row is written', () => existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0);
      return writer;
    };
    /** A directory with what the script needs, and one way to copy a database. */
    const toolsWith = (tool: string | undefined): string => {
      mkdirSync(at('programs'));
      const needed = `tar find grep gzip sha256sum mktemp mkdir mkfifo tr head cut cat cp rm sed tee id timeout`.split(
        ' ',
      );
      for (const name of needed)
        symlinkSync(runSync('sh', ['-c', `command -v ${name}`]).trim(), at(`programs/${name}`));
      const python = 'import sys; print(sys.executable)';
      const places: Readonly<Record<string, string>> = {
        sqlite3: '/usr/bin/sqlite3',
        python3: runSync('python3', ['-c', python]).trim(),
      };
      const place = tool === undefined ? undefined : places[tool];
      // By a script, for a link to Python would be taken for another installation.
      if (place !== undefined)
        writeFileSync(at(`programs/${tool}`), `#!/bin/sh\nexec ${place} "$@"\n`, { mode: 0o755 });
      return at('programs');
    };
    test.each([
      ['sqlite3', 'new\n'],
      ['python3', 'new\n'],
      [undefined, ''],
    ])('is copied with %s', async (tool, row) => {
      const path = at('data/its memory.sqlite');
      const writer = await inUse(path);
      writeFileSync(at('data/no.sqlite'), 'no database');
      try {
        const { message, result } = await made({}, { tools: toolsWith(tool) });
        const how = tool ?? 'plain';
        expect(result['databases']).toEqual([{ path: path.slice(1), how }]);
        expect(message.includes('1 database copied as a plain file')).toBe(how === 'plain');
        const manifest = await readManifest(only());
        const own = paths(manifest).filter((name) => name.includes('memory'));
        expect(own.length).toBe(how === 'plain' ? 3 : 1);
        expect(paths(manifest)).toContain('data/no.sqlite');
      } finally {
        await writer.stop();
      }
      mkdirSync(at('out'));
      runSync('tar', ['-C', at('out'), '-xzf', join(only(), 'archive.tar.gz'), '--strip-components', '3']);
      const copy = runSync('find', [at('out'), '-name', 'its memory.sqlite']).trim();
      if (tool !== undefined) expect(runSync('sqlite3', [copy, 'select x from t'])).toBe(row);
    });
  });

  test('is discarded if a file does not parse, or is missing', async () => {
    const config = at('data/config.json');
    await made({ parses: [config] });
    rmSync(only(), { recursive: true });
    writeFileSync(config, '{ a: ');
    await expect(made({ parses: [config] })).rejects.toThrow(
      `no backup was kept: ${config} is not valid JSON5: invalid end of input at 1:6`,
    );
    await expect(made({ parses: [at('data/cache/x')] })).rejects.toThrow(
      `no backup was kept: ${at('data/cache/x')} is not in it`,
    );
    expect(backups()).toEqual([]);
  });

  test('is discarded if the command ends too early, or takes too long', async () => {
    const act = decided({}).changes[0]?.act;
    if (act?.kind !== 'archive') throw new Error('no archive is to be made');
    await expect(receive({ ...act, pack: sh`echo half; exit 3` })).rejects.toThrow(
      'no backup was kept: connection lost',
    );
    await expect(receive({ ...act, pack: sh`exec sleep 60` }, { timeout: 0.1 })).rejects.toThrow(
      'no backup was kept: it took longer than 0.1 s',
    );
    expect(backups()).toEqual([]);
  });
});
