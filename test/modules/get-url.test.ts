import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { getUrl } from '../../src/modules/get-url.ts';
import { type Server, startServer } from '../server.ts';
import { converge, scratch, shells } from './on-this-machine.ts';

// The scripts are run by spawnSync, so the server lives in a process of its own.
const text = `((count) =>
  require('http').createServer((q, a) => {
    if (q.url === '/moved') return a.writeHead(302, { location: '/file.bin' }).end();
    if (q.url === '/secret' && q.headers['x-key'] !== 'a "quoted" \\\\ key') return a.writeHead(403).end('no');
    if (q.url === '/none') return a.writeHead(404).end('not here');
    if (q.url === '/count') return a.end(String(++count));
    if (q.url === '/cut') { a.writeHead(200, { 'content-length': 100 }); return a.write('part', () => a.destroy()); }
    a.end(Buffer.from([0, 10, 255, 13, 10]));
  }))(0)`;
const bytes = Buffer.from([0, 10, 255, 13, 10]);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const defaults = { force: false, timeout: 50, validate_certs: true, backup: false };

for (const shell of shells()) {
  const simple = shell.name.startsWith('busybox');
  describe.skipIf(shell.missing !== undefined)(`get_url under ${shell.name}`, () => {
    let folder = '';
    let base = '';
    let server: Server | undefined;
    const at = (name: string): string => join(folder, name);
    const run = (args: JsonObject) => converge(shell, getUrl, { ...defaults, ...args });
    const titles = (args: JsonObject) => run(args).first.changes.map(({ title }) => title);

    beforeAll(async () => {
      server = await startServer(text);
      base = `http://127.0.0.1:${server.port}`;
    });
    afterAll(() => server?.stop());
    beforeEach(() => {
      folder = scratch();
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    test('a file is fetched once, byte for byte', () => {
      const done = run({ url: `${base}/file.bin?x=1#y`, dest: folder, mode: '0640' });
      expect(done.applied).toEqual([{ code: 0, stdout: '', stderr: simple ? '' : expect.any(String) }]);
      expect(done.first.changes).toMatchObject([{ title: `fetch ${at('file.bin')}`, sign: '+' }]);
      expect(done.after.changes).toEqual([]);
      expect([readFileSync(at('file.bin')), lstatSync(at('file.bin')).mode & 0o777]).toEqual([bytes, 0o640]);
      expect(readdirSync(folder)).toEqual(['file.bin']);
      expect(titles({ url: `${base}/none`, dest: at('file.bin') })).toEqual([]);
      const mode = run({ url: `${base}/`, dest: at('file.bin'), mode: '0600' });
      expect(mode.first.changes.map(({ title }) => title)).toEqual(['mode 0640 -> 0600']);
      for (const { predicted, asked } of mode.predicted) expect(asked).toEqual(predicted);
    });

    test('a checksum decides without a download, and a file that is not it is replaced', () => {
      const args = { url: `${base}/moved`, dest: at('f'), checksum: `sha256:${sha256.toUpperCase()}` };
      expect(run(args).after.changes).toEqual([]);
      rmSync(at('f'));
      writeFileSync(at('f'), 'old', { mode: 0o600 });
      const done = run({ ...args, backup: true });
      expect(done.first.changes[0]?.title).toBe(`fetch anew ${at('f')}`);
      expect([done.after.changes, readFileSync(at('f')), lstatSync(at('f')).mode & 0o777]).toEqual([[], bytes, 0o600]);
      expect(readdirSync(folder).length).toBe(2);
      expect(titles({ ...args, url: `${base}/none` })).toEqual([]);
    });

    test('what is not what was meant is not put in place, and nothing is left', () => {
      const checksum = `sha256:${'0'.repeat(64)}`;
      const done = run({ url: `${base}/`, dest: at('f'), checksum });
      expect(done.applied[0]).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`the server gave something else: its checksum is sha256:${sha256}\n`),
      });
      for (const path of ['none', 'cut', 'secret']) {
        expect(run({ url: `${base}/${path}`, dest: at('f') }).applied[0]?.code).not.toBe(0);
      }
      expect(run({ url: 'http://127.0.0.1:1/', dest: at('f') }).applied[0]?.code).not.toBe(0);
      expect(readdirSync(folder)).toEqual([]);
    });

    test('force looks whether it changed, and what never stays the same is fetched once a run', () => {
      writeFileSync(at('f'), bytes);
      expect(titles({ url: `${base}/`, dest: at('f'), force: true })).toEqual([]);
      writeFileSync(at('f'), 'old');
      expect(titles({ url: `${base}/`, dest: at('f'), force: true })).toEqual([`fetch anew ${at('f')} (5 bytes)`]);
      const done = run({ url: `${base}/count`, dest: at('f'), force: true });
      expect([done.first.changes.length, done.after.changes]).toEqual([1, []]);
      expect(run({ url: `${base}/none`, dest: at('f'), force: true }).first.failed).toMatch(/404/);
    });

    test('headers reach the server, and no process list', () => {
      const done = run({ url: `${base}/secret`, dest: at('f'), headers: { 'x-key': 'a "quoted" \\ key' } });
      const { act } = done.first.changes[0] ?? {};
      expect(act?.kind === 'program' && act.script.shown).not.toContain('quoted');
      if (simple) expect(done.applied[0]?.stderr).toContain('install curl');
      else expect(readFileSync(at('f'))).toEqual(bytes);
    });

    test('a folder, and where there is none', () => {
      mkdirSync(at('d'));
      run({ url: `${base}/a%2Fb`, dest: at('d') });
      expect(readdirSync(at('d'))).toEqual(['index.html']);
      expect(run({ url: `${base}/`, dest: at('none/f') }).first.failed).toBe(`there is no folder ${at('none')}`);
    });
  });
}
