import { describe, expect, test } from 'vitest';
import { http } from '../../src/probes/http.ts';
import { ask, shells } from '../modules/on-this-machine.ts';
import { startServer } from '../server.ts';

for (const shell of shells()) {
  describe.skipIf(shell.missing !== undefined)(`http under ${shell.name}`, () => {
    test('the answer of a server is reported, and also that there is no server', async () => {
      const server = await startServer(
        `require('http').createServer((q, a) => { a.statusCode = q.url === '/bad' ? 503 : 200; a.end(q.headers['x-key'] || 'hi'); })`,
      );
      try {
        const base = `http://127.0.0.1:${server.port}`;
        const questions = [
          http({ url: `${base}/` }),
          http({ url: `${base}/bad` }),
          http({ url: `${base}/`, method: 'HEAD' }),
          http({ url: 'http://127.0.0.1:1/' }),
          http({ url: `${base}/`, headers: { 'x-key': 'a "quoted" \\ key' } }),
        ];
        const states = ask(shell, questions);
        const [good, bad, head, refused, keyed] = questions.map(({ key }) => states.get(key));
        expect(good).toMatchObject({ value: { status: 200, body: Buffer.from('hi') } });
        expect(bad).toMatchObject({ value: { status: 503 } });
        expect(head).toMatchObject({ value: { status: 200 } });
        expect(refused).toMatchObject({
          value: { status: 0, error: expect.stringMatching(/refused|failed to connect/i) },
        });
        if (shell.name.startsWith('busybox')) expect(keyed).toMatchObject({ kind: 'unavailable' });
        else expect(keyed).toMatchObject({ value: { body: Buffer.from('a "quoted" \\ key') } });
      } finally {
        await server.stop();
      }
    });

    if (!shell.name.startsWith('busybox'))
      test('headers follow a redirect on the same host, and not to another', async () => {
        const says = "q.url + ' ' + (q.headers['x-key'] || 'no key')";
        const other = await startServer(`require('http').createServer((q, a) => a.end(${says}))`);
        const server = await startServer(
          `require('http').createServer((q, a) => {
            const to = { '/here': '/there', '/away': 'http://127.0.0.1:${other.port}/x', '/loop': '/loop' }[q.url];
            if (to) a.writeHead(302, { location: to }).end('moved'); else a.end(${says});
          })`,
        );
        try {
          const base = `http://127.0.0.1:${server.port}`;
          const headers = { 'x-key': 'secret' };
          const questions = [
            http({ url: `${base}/here`, headers, followRedirects: true }),
            http({ url: `${base}/away`, headers, followRedirects: true }),
            http({ url: `${base}/away`, followRedirects: true }),
            http({ url: `${base}/away`, headers }),
            http({ url: `${base}/loop`, headers, followRedirects: true }),
          ];
          const states = ask(shell, questions);
          const answers = questions.map(({ key }) => states.get(key));
          const [here, away, plain, stays, loop] = answers.map((state) => state?.kind === 'present' && state.value);
          expect(here).toMatchObject({ status: 200, body: Buffer.from('/there secret') });
          expect(away).toMatchObject({ status: 200, body: Buffer.from('/x no key') });
          expect(away).not.toHaveProperty('error');
          expect(plain).toMatchObject({ status: 200, body: Buffer.from('/x no key') });
          expect(stays).toMatchObject({ status: 302, body: Buffer.from('moved') });
          expect(loop).toMatchObject({ status: 302, error: expect.stringContaining('redirects') });
        } finally {
          await server.stop();
          await other.stop();
        }
      });
  });
}
