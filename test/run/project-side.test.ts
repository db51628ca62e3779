import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Content } from '../../src/core/change.ts';
import type { LocalRequest } from '../../src/core/module.ts';
import type { Variables } from '../../src/core/playbook.ts';
import { projectSide } from '../../src/run/playbook/project-side.ts';
import type { Instance } from '../../src/run/task/instance.ts';

describe('files of the control node', () => {
  let project = '';
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'heal-side-'));
    mkdirSync(join(project, 'files/directory/cache'), { recursive: true });
    writeFileSync(join(project, 'files/small'), 'small');
    writeFileSync(join(project, 'files/large'), Buffer.alloc(100_000, 'x'));
    writeFileSync(join(project, 'files/directory/cache/x'), 'x');
    writeFileSync(join(project, 'kept'), 'kept');
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  const at = { file: 'tasks/x.yml', line: 1, column: 1 };
  const load = async (request: LocalRequest): Promise<Content> => {
    const instance = { task: { argPlaces: {}, at } } as unknown as Instance;
    const side = projectSide('x', { project, shipped: join(project, 'none') }, () => {});
    const loaded = await side.load(instance, request, {} as Variables);
    if (loaded.kind !== 'value') throw new Error('pending');
    return loaded.value;
  };

  test('a small file is kept in memory, and a large one is streamed', async () => {
    expect(await load({ kind: 'file', src: 'small' })).toMatchObject({ size: 5, bytes: Buffer.from('small') });
    const large = await load({ kind: 'file', src: 'large' });
    expect([large.size, large.bytes]).toEqual([100_000, undefined]);
    let size = 0;
    for await (const piece of large.open()) size += piece.length;
    expect(size).toBe(100_000);
  });

  test('a directory is read with its entries, without the excluded ones', async () => {
    const { directory } = await load({ kind: 'directory', src: 'directory', exclude: [] });
    expect(directory?.entries.map(({ path }) => path)).toEqual(['cache', 'cache/x']);
    const less = await load({ kind: 'directory', src: 'directory', exclude: ['cache'] });
    expect(less.directory?.entries).toEqual([]);
  });

  test('a file is not a directory, and a directory is not a file', async () => {
    await expect(load({ kind: 'file', src: 'directory' })).rejects.toThrow('files/directory is not a file');
    await expect(load({ kind: 'directory', src: 'small' })).rejects.toThrow('files/small is not a directory');
  });

  test('a file that is written need not exist', async () => {
    expect(await load({ kind: 'kept', src: 'kept' })).toMatchObject({ size: 4, path: join(project, 'kept') });
    expect(await load({ kind: 'kept', src: 'a/b' })).toMatchObject({ size: 0, sha256: '', path: join(project, 'a/b') });
    await expect(load({ kind: 'kept', src: 'files' })).rejects.toThrow("files can't be read");
  });

  test('a file that is written stays in the project, with any name of a host', async () => {
    mkdirSync(join(project, 'fetched'));
    symlinkSync(tmpdir(), join(project, 'fetched/away'));
    symlinkSync('../files', join(project, 'fetched/near'));
    const outside = [
      '../x',
      'fetched/h/../../../x',
      '..',
      '.',
      '/etc/x',
      `${project}-x`,
      'fetched/away/x',
      'fetched/away/a/b',
    ];
    for (const src of outside) {
      await expect(load({ kind: 'kept', src }), src).rejects.toThrow(`"${src}" points outside the project`);
    }
    for (const src of ['fetched/near/x', 'fetched/..x/y', join(project, 'fetched/x')]) {
      expect((await load({ kind: 'kept', src })).size, src).toBe(0);
    }
  });
});
