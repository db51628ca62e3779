import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { getUrl } from '../../src/modules/get-url.ts';
import { runSync } from '../child.ts';
import { type Server, startServer } from '../server.ts';
import { casesUnder } from '../shell/shells.ts';
import { converge, type Shell, scratch, shells } from './on-this-machine.ts';

// The scripts are run by spawnSync, so the server lives in a process of its own.
const text = `((count) =>
  require('http').createServer((q, a) => {
    if (q.url === '/moved') return a.writeHead(302, { location: '/file.bin' }).end();
    if (q.url === '/secret' && q.headers['x-key'] !== 'a "quoted" \\\\ key') return a.writeHead(403).end('no');
    if (q.url === '/key') return a.end(q.headers['x-key'] ?? 'none');
    if (q.url === '/user') return a.end(q.headers.authorization ?? 'none');
    if (q.url.startsWith('/to?')) return a.writeHead(302, { location: decodeURIComponent(q.url.slice(4)) }).end('moved');
    if (q.url === '/large') { a.writeHead(200); return a.end(Buffer.alloc(3_000_000)); }
    if (q.url === '/none') return a.writeHead(404).end('not here');
    if (q.url === '/count') return a.end(String(++count));
    if (q.url === '/cut') { a.writeHead(200, { 'content-length': 100 }); return a.write('part', () => a.destroy()); }
    a.end(Buffer.from([0, 10, 255, 13, 10]));
  }))(0)`;
const bytes = Buffer.from([0, 10, 255, 13, 10]);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const defaults = { force: false, timeout: 50, max_size: 1_000_000, validate_certs: true, backup: false };

/** A directory of all programs of a shell but these. */
function without(programs: readonly string[], shell: Shell): string {
  const path = scratch();
  for (const directory of shell.path.split(':')) {
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      if (!programs.includes(name) && !existsSync(join(path, name)))
        symlinkSync(join(directory, name), join(path, name));
    }
  }
  return path;
}

for (const shell of shells()) {
  const cases = casesUnder(shell);
  const simple = shell.name.startsWith('busybox');
  /** Cases of the tools that one of the shells alone has. */
  const casesOf =
    (has: boolean): ((title: string, body: () => void | Promise<void>) => void) =>
    (title, body) => {
      if (has) test(title, body);
    };
  const ofFull = casesOf(!simple);
  const ofSimple = casesOf(simple);
  describe.skipIf(shell.missing !== undefined)(`get_url under ${shell.name}`, () => {
    let directory = '';
    let base = '';
    let server: Server | undefined;
    const at = (name: string): string => join(directory, name);
    const run = (args: JsonObject) => converge(shell, getUrl, { ...defaults, ...args });
    const titles = (args: JsonObject) => run(args).first.changes.map(({ title }) => title);

    beforeAll(async () => {
      server = await startServer(text);
      base = `http://127.0.0.1:${server.port}`;
    });
    afterAll(() => server?.stop());
    beforeEach(() => {
      directory = scratch();
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    test('a file is fetched once, byte for byte', () => {
      const done = run({ url: `${base}/file.bin?x=1#y`, dest: directory, mode: '0640' });
      expect(done.applied).toEqual([{ code: 0, stdout: '', stderr: simple ? '' : expect.any(String) }]);
      expect(done.first.changes).toMatchObject([{ title: `fetch ${at('file.bin')}`, sign: '+' }]);
      expect(done.after.changes).toEqual([]);
      expect([readFileSync(at('file.bin')), lstatSync(at('file.bin')).mode & 0o777]).toEqual([bytes, 0o640]);
      expect(readdirSync(directory)).toEqual(['file.bin']);
      expect(titles({ url: `${base}/none`, dest: at('file.bin') })).toEqual([]);
      const mode = run({ url: `${base}/`, dest: at('file.bin'), mode: '0600' });
      expect(mode.first.changes.map(({ title }) => title)).toEqual(['mode 0640 -> 0600']);
      for (const { predicted, asked } of mode.predicted) expect(asked).toEqual(predicted);
    });

    cases('a checksum decides without a download, and a file that is not it is replaced', () => {
      const args = { url: `${base}/moved`, dest: at('f'), checksum: `sha256:${sha256.toUpperCase()}` };
      expect(run(args).after.changes).toEqual([]);
      rmSync(at('f'));
      writeFileSync(at('f'), 'old', { mode: 0o600 });
      const done = run({ ...args, backup: true });
      expect(done.first.changes[0]?.title).toBe(`fetch again ${at('f')}`);
      expect([done.after.changes, readFileSync(at('f')), lstatSync(at('f')).mode & 0o777]).toEqual([[], bytes, 0o600]);
      expect(readdirSync(directory).length).toBe(2);
      expect(titles({ ...args, url: `${base}/none` })).toEqual([]);
    });

    cases('what is not what was meant is not put in place, and nothing is left', () => {
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
      expect(readdirSync(directory)).toEqual([]);
    });

    cases('force looks whether it changed, and what never stays the same is fetched once a run', () => {
      writeFileSync(at('f'), bytes);
      expect(titles({ url: `${base}/`, dest: at('f'), force: true })).toEqual([]);
      writeFileSync(at('f'), 'old');
      expect(titles({ url: `${base}/`, dest: at('f'), force: true })).toEqual([`fetch again ${at('f')} (5 bytes)`]);
      const done = run({ url: `${base}/count`, dest: at('f'), force: true });
      expect([done.first.changes.length, done.after.changes]).toEqual([1, []]);
      expect(run({ url: `${base}/none`, dest: at('f'), force: true }).first.failed).toMatch(/404/);
    });

    test('headers are sent to the server, and are not visible in a process list', () => {
      const done = run({ url: `${base}/secret`, dest: at('f'), headers: { 'x-key': 'a "quoted" \\ key' } });
      const { act } = done.first.changes[0] ?? {};
      expect(act?.kind === 'program' && act.script.shown).not.toContain('quoted');
      if (simple) expect(done.applied[0]?.stderr).toContain('install curl');
      else expect(readFileSync(at('f'))).toEqual(bytes);
    });

    const to = (url: string): string => `/to?${encodeURIComponent(url)}`;

    ofFull('own headers and a password follow a redirect on the same host, and none to another', () => {
      const other = `http://localhost:${server?.port}`;
      const fetched = (url: string): string => {
        const done = run({ url, dest: at('f'), headers: { 'x-key': 'k "1"' }, force: true });
        expect(done.applied[0]).toMatchObject({ code: 0 });
        const got = readFileSync(at('f'), 'utf8');
        rmSync(at('f'));
        return got;
      };
      const user = base.replace('//', '//me:p%20w@');
      const basic = `Basic ${Buffer.from('me:p w').toString('base64')}`;
      expect(fetched(`${base}/key`)).toBe('k "1"');
      expect(fetched(`${base}${to('/key')}`)).toBe('k "1"');
      expect(fetched(`${base}${to(`${base}${to('/key')}`)}`)).toBe('k "1"');
      expect(fetched(`${user}${to(`${base}/user`)}`)).toBe(basic);
      expect(fetched(`${base}${to(`${other}/key`)}`)).toBe('none');
      expect(fetched(`${base}${to(`${other}${to(`${base}/key`)}`)}`)).toBe('none');
      expect(fetched(`${user}${to(`${other}/user`)}`)).toBe('none');
      const loops = run({ url: `${base}${to('/file.bin"')}`, dest: at('f'), headers: { a: 'b' } });
      expect(loops.applied[0]?.code).not.toBe(0);
      // The probe hashes what the last host gives, without what a redirect says.
      writeFileSync(at('f'), bytes);
      const same = { url: `${base}${to('/file.bin')}`, dest: at('f'), force: true, headers: { a: 'b' } };
      expect(run(same).first.changes).toEqual([]);
    });

    test('the download of a file larger than max_size is stopped, and no file remains', () => {
      const done = run({ url: `${base}/large`, dest: at('f') });
      expect(done.applied[0]).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('the server sent more than max_size, 1000000 bytes'),
      });
      expect(readdirSync(directory)).toEqual([]);
      expect(run({ url: `${base}/large`, dest: at('f'), max_size: 3_000_000 }).after.changes).toEqual([]);
    });

    ofSimple('busybox does not get an address with a password as an argument', () => {
      const url = base.replace('//', '//me:pw@');
      for (const force of [false, true]) {
        if (force) writeFileSync(at('f'), 'old');
        const done = run({ url: `${url}/`, dest: at('f'), force });
        const said = force ? done.first.failed : done.applied[0]?.stderr;
        expect(said).toContain('the list of processes: install curl');
      }
    });

    // The one of busybox here has no https.
    ofFull('https is not redirected to http by another wget', () => {
      const path = without(['curl', 'wget'], shell);
      const get = (moved: string) => {
        const script = `#!/bin/sh\ncase $* in *--help*) echo '	-S    		Show server response';; *--version*) exit 1;; *)
          echo '  HTTP/1.1 302 Found' >&2; echo '  Location: ${moved}' >&2; printf x;; esac\n`;
        writeFileSync(join(path, 'wget'), script, { mode: 0o755 });
        const args = { ...defaults, url: 'https://127.0.0.1/f', dest: at('f') };
        return converge({ ...shell, path }, getUrl, args).applied[0];
      };
      expect(get('https://127.0.0.1/g')).toMatchObject({ code: 0 });
      rmSync(at('f'));
      const refused = 'the server redirects https to http, which is refused';
      expect(get('http://127.0.0.1/g')).toMatchObject({ code: 1, stderr: expect.stringContaining(refused) });
      expect(readdirSync(directory)).toEqual([]);
    });

    ofFull('https is not redirected to http, by curl and by GNU wget', async () => {
      const [key, cert] = [at('key'), at('cert')];
      const subject = ['-subj', '/CN=127.0.0.1', '-keyout', key, '-out', cert];
      runSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject]);
      const pair = JSON.stringify({ key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') });
      const secure = await startServer(`require('https').createServer(${pair}, (q, a) => {
        if (q.url === '/file') return a.end(Buffer.from([0, 10, 255, 13, 10]));
        if (q.url === '/moved') return a.writeHead(302, { location: '/file' }).end();
        a.writeHead(302, { location: '${base}/file.bin' }).end();
      })`);
      try {
        const ways = [shell, { ...shell, path: without(['curl'], shell) }];
        for (const way of ways) {
          const get = (path: string, more: JsonObject = {}) =>
            converge(way, getUrl, {
              ...defaults,
              url: `https://127.0.0.1:${secure.port}/${path}`,
              dest: at('f'),
              validate_certs: false,
              ...more,
            });
          expect(get('moved').after.changes).toEqual([]);
          expect(readFileSync(at('f'))).toEqual(bytes);
          rmSync(at('f'));
          const done = get('plain');
          expect(done.applied[0]?.code).not.toBe(0);
          expect(done.applied[0]?.stderr).toMatch(
            /https to http, which is refused|Protocol "http" (not supported|disabled)/,
          );
          if (way === shell) expect(get('plain', { headers: { a: 'b' } }).applied[0]?.code).not.toBe(0);
          expect(readdirSync(directory).sort()).toEqual(['cert', 'key']);
        }
      } finally {
        await secure.stop();
      }
    });

    test('a directory as destination, and a directory that does not exist', () => {
      mkdirSync(at('d'));
      run({ url: `${base}/a%2Fb`, dest: at('d') });
      expect(readdirSync(at('d'))).toEqual(['index.html']);
      expect(run({ url: `${base}/`, dest: at('none/f') }).first.failed).toBe(`there is no directory ${at('none')}`);
    });
  });
}
