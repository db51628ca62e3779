import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { HealError } from '../../src/core/errors.ts';
import type { Sh } from '../../src/core/sh.ts';
import { sh } from '../../src/shell/sh.ts';
import { until } from '../until.ts';
import { never } from './login-attempts.ts';
import { refusal } from './refusal.ts';
import type { Relay } from './relay.ts';
import { output, pieces, sessions } from './sessions.ts';
import { noSshd, type Sshd } from './sshd.ts';

describe.skipIf(noSshd !== undefined)(`a session${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  const own = sessions();
  const { connect, marked } = own;
  let sshd: Sshd;
  let relay: Relay;
  beforeAll(() => {
    ({ sshd, relay } = own);
  });

  describe('on a separate channel', () => {
    /** A command that neither reads nor writes, so that it does not notice that nobody is there; gives its process id. */
    function longOne(name: string): { readonly command: Sh; readonly begun: () => Promise<number> } {
      const file = join(sshd.directory, name);
      const said = () => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
      const begun = async (): Promise<number> => {
        await until('the command has begun', () => said() !== '');
        return Number(said());
      };
      return { command: sh`echo $$ >${file}; exec sleep 600`, begun };
    }

    test('accepts and gives any bytes', async () => {
      const connection = await connect();
      const data = randomBytes(6_000_000);
      const result = await connection.channel(sh`cat; echo done >&2; exit 4`, pieces(data), never);
      expect(result.code).toBe(4);
      expect(result.stdout.equals(data)).toBe(true);
      expect(result.stderr.toString()).toBe('done');
      expect(connection.roundTrips).toBe(3);
    });

    test('lets the host send 16 MiB ahead, at its start and later, and no more', async () => {
      const connection = await connect();
      const file = join(sshd.directory, 'sent');
      const mib = 1024 * 1024;
      const sent = (): number => (existsSync(file) ? readFileSync(file, 'utf8').length : 0);
      let size = 0;
      const take = async (chunk: Buffer): Promise<void> => {
        const before = size;
        size += chunk.length;
        for (const at of [0, 20 * mib]) {
          if (before > at || size <= at) continue;
          await until('the host has sent what is ahead', () => sent() >= at / mib + 10);
          expect(sent()).toBeLessThan(at / mib + 19);
        }
      };
      const command = sh`for i in $(seq 60); do head -c ${mib} /dev/zero; printf . >>${file}; done`;
      await connection.channel(command, undefined, never, take);
      expect(size).toBe(60 * mib);
    });

    test('gives its output piece by piece, and waits for each', async () => {
      const connection = await connect();
      const hash = createHash('sha256');
      let size = 0;
      let busy = false;
      const take = async (chunk: Buffer): Promise<void> => {
        expect(busy).toBe(false);
        busy = true;
        await new Promise((resolve) => setImmediate(resolve));
        busy = false;
        hash.update(chunk);
        size += chunk.length;
      };
      const data = randomBytes(6_000_000);
      const result = await connection.channel(sh`cat; exit 4`, pieces(data), never, take);
      expect(result.code).toBe(4);
      expect(result.stdout.length).toBe(0);
      expect(size).toBe(data.length);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
    });

    test('fails when the consumer of its output fails', async () => {
      const connection = await connect();
      const take = () => Promise.reject(new HealError('failed', 'the disk is full'));
      const ended = refusal(connection.channel(sh`cat /dev/zero`, undefined, never, take));
      expect((await ended).message).toBe('the disk is full');
    });

    test('continues while a program runs', async () => {
      const connection = await connect();
      const { mark, waits } = marked('channel-ended');
      const run = output(connection, sh`${waits}; echo slow`);
      const data = randomBytes(100_000);
      const { stdout } = await connection.channel(sh`sha256sum`, pieces(data), never);
      expect(stdout.toString()).toBe(`${createHash('sha256').update(data).digest('hex')}  -\n`);
      writeFileSync(mark, '');
      expect(await run).toBe('slow');
    });

    test('has no input if none is given, and a command may be long', async () => {
      const connection = await connect();
      const long = 'x'.repeat(300_000);
      const { stdout, code } = await connection.channel(sh`cat; printf %s ${long} | wc -c`, undefined, never);
      expect(stdout.toString().trim()).toBe('300000');
      expect(code).toBe(0);
    });

    test('stops reading its input when the command has ended', async () => {
      const connection = await connect();
      let given = 0;
      async function* endless(): AsyncGenerator<Buffer> {
        for (;;) {
          given += 1;
          yield Buffer.alloc(100_000);
        }
      }
      const { code } = await connection.channel(sh`head -c 10 >/dev/null; exit 6`, endless(), never);
      expect(code).toBe(6);
      expect(given).toBeLessThan(200);
    });

    test('is interrupted', async () => {
      const connection = await connect();
      const abort = new AbortController();
      const { command, begun } = longOne('to-interrupt');
      const ended = refusal(connection.channel(command, undefined, abort.signal));
      const pid = await begun();
      abort.abort();
      const error = await ended;
      process.kill(pid);
      expect(error.kind).toBe('interrupted');
      expect(error.message).toBe('a transfer was interrupted');
    });

    test('fails when the source of its input fails', async () => {
      const connection = await connect();
      async function* broken(): AsyncGenerator<Buffer> {
        yield Buffer.from('x');
        throw new HealError('error', 'cannot read');
      }
      expect((await refusal(connection.channel(sh`cat`, broken(), never))).message).toBe('cannot read');
    });

    test('reports when the connection is lost', async () => {
      const connection = await connect();
      const { command, begun } = longOne('to-cut');
      const ended = refusal(connection.channel(command, undefined, never));
      const pid = await begun();
      relay.cut();
      expect((await ended).message).toMatch(/was lost$/);
      process.kill(pid);
    });
  });
});
