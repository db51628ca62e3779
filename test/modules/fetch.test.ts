import {
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
import type { Content } from '../../src/core/change.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { fetch } from '../../src/modules/fetch.ts';
import { heldContent } from '../../src/run/playbook/project-side.ts';
import { download } from '../../src/run/transfer/download.ts';
import { sh } from '../../src/shell/sh.ts';
import { connectHere } from '../../src/ssh/here.ts';
import { decide, inputOf, shells } from './on-this-machine.ts';

const [shell] = shells();

describe.skipIf(shell?.missing !== undefined)('fetch', () => {
  let directory = '';
  const at = (name: string): string => join(directory, name);
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-fetch-'));
    writeFileSync(at('f'), Buffer.from([0, 255, 10]));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const missing = (path: string): Content => ({ ...heldContent(Buffer.alloc(0)), sha256: '', path });
  const plan = (args: JsonObject, kept: Content) => {
    if (shell === undefined) throw new Error('no shell');
    return decide(shell, fetch, { fail_on_missing: true, ...args }, inputOf({ locals: { dest: kept } })).decision;
  };

  test('a file that is missing on the control node or differs is fetched; an identical file is not', () => {
    const args = { src: at('f'), dest: 'got/' };
    expect(fetch.locals(args)).toEqual({ dest: { kind: 'kept', src: 'got/f' } });
    expect(plan(args, missing(at('got/f'))).changes).toMatchObject([
      {
        title: `fetch ${at('f')} to got/f (3 bytes)`,
        sign: '+',
        touches: [],
        act: { kind: 'download', path: at('f'), to: at('got/f') },
      },
    ]);
    const old = { ...heldContent(Buffer.from('old')), path: at('got/f') };
    expect(plan(args, old).changes).toMatchObject([{ title: `fetch again ${at('f')} to got/f (3 bytes)`, sign: '~' }]);
    expect(plan(args, { ...heldContent(Buffer.from([0, 255, 10])), path: at('got/f') }).changes).toEqual([]);
  });

  test('a link is followed, a directory is rejected, and a missing file is allowed', () => {
    symlinkSync('f', at('l'));
    mkdirSync(at('d'));
    const there = missing(at('x'));
    expect(plan({ src: at('l'), dest: 'x' }, there).changes.length).toBe(1);
    expect(plan({ src: at('d'), dest: 'x' }, there).failed).toBe(`${at('d')} is a directory, not a file`);
    expect(plan({ src: at('none'), dest: 'x' }, there).failed).toBe(`there is no file ${at('none')}`);
    expect(plan({ src: at('none'), dest: 'x', fail_on_missing: false }, there)).toEqual({
      changes: [],
      message: `there is no file ${at('none')}`,
    });
  });

  test('the file is complete or does not exist, and only its owner can read it', async () => {
    const { signal } = new AbortController();
    const connection = await connectHere(sh`:`, () => {}, signal);
    const { sha256 } = heldContent(readFileSync(at('f')));
    const act = { kind: 'download', path: at('f'), sha256, to: at('a/b/f'), script: sh`:` } as const;
    const sizes: number[] = [];
    await download(connection, act, undefined, signal, (bytes) => sizes.push(bytes));
    expect(sizes).toEqual([3]);
    expect([readFileSync(at('a/b/f')), statSync(at('a/b/f')).mode & 0o777]).toEqual([readFileSync(at('f')), 0o600]);
    const large = Buffer.alloc(3_000_000, 'pieces');
    writeFileSync(at('large'), large);
    const many: number[] = [];
    const all = { ...act, path: at('large'), sha256: heldContent(large).sha256, to: at('a/b/large') };
    await download(connection, all, undefined, signal, (bytes) => many.push(bytes));
    expect(many.length).toBeGreaterThan(1);
    expect(readFileSync(at('a/b/large')).equals(large)).toBe(true);
    rmSync(at('a/b/large'));
    writeFileSync(at('f'), 'changed');
    await expect(download(connection, act, undefined, signal)).rejects.toThrow(
      `${at('f')} changed during the download`,
    );
    rmSync(at('f'));
    await expect(download(connection, act, undefined, signal)).rejects.toThrow(/cannot download .*No such file/);
    await expect(download(connection, { ...act, path: at('a/b/f'), to: at('a/b') }, undefined, signal)).rejects.toThrow(
      `${at('a/b')} could not be written`,
    );
    expect([readFileSync(at('a/b/f')), readdirSync(at('a'))]).toEqual([Buffer.from([0, 255, 10]), ['b']]);
    await connection.close();
  });
});
