import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { Client, type ServerChannel, type Connection as ServerConnection } from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HealError } from '../../src/core/errors.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { fastLogin } from '../../src/ssh/fast-login.ts';
import { makeKey, noSshd, startSshd, testLogin } from './sshd.ts';

const never = new AbortController().signal;
let directory = '';
let key = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'heal-fast-'));
  key = makeKey(directory, 'key', '-t', 'ed25519');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const servers: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Fake {
  readonly port: number;
  connections(): number;
}

/** A server in this process that answers any program by its `end` frame; `onConnection` makes it odd. */
function serve(ident: string, onConnection: (connection: ServerConnection, count: number) => void): Promise<Fake> {
  let count = 0;
  const server = new ssh2.Server({ hostKeys: [readFileSync(key)], ident }, (connection) => {
    count += 1;
    connection.on('error', () => {});
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec) => answer(acceptExec()));
    });
    onConnection(connection, count);
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ port, connections: () => count });
    });
  });
}

function answer(stream: ServerChannel): void {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const request = /^(\w+) run (\d+)\n/.exec(text);
    if (request === null || text.length < request[0].length + Number(request[2])) return;
    text = '';
    stream.write(`\n${request[1]} end - 0 0\n`);
  });
}

const connect = (port: number) =>
  connector({ home: '/nonexistent', agentSocket: undefined })(
    testLogin({ port, identityFile: key, hostKeyChecking: 'off', connectTimeout: 5 }),
    sh`:`,
    () => {},
    never,
  );

describe('sending ahead', () => {
  test('works if the server follows the protocol', async () => {
    const fake = await serve('OpenSSH_9.9', () => {});
    await (await connect(fake.port)).close();
    expect(fake.connections()).toBe(1);
  });

  test('omits what it cannot know about another server', async () => {
    const fake = await serve('other_1.0', () => {});
    await (await connect(fake.port)).close();
    expect(fake.connections()).toBe(1);
  });

  test('starts again at the plain pace if the server numbers its channels differently', async () => {
    const fake = await serve('OpenSSH_9.9', (connection, count) => {
      // The plain login that follows is a second connection.
      const channels: unknown = Reflect.get(connection, '_chanMgr');
      if (count === 1 && typeof channels === 'object' && channels !== null) {
        Reflect.get(channels, 'add').call(channels, () => {});
      }
    });
    const connection = await connect(fake.port);
    await connection.close();
    expect(fake.connections()).toBe(2);
  });

  test('starts again at the plain pace if the server closes the connection, and only once', async () => {
    const fake = await serve('OpenSSH_9.9', (connection) => {
      connection.on('authentication', () => connection.end());
    });
    const error: unknown = await connect(fake.port).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HealError);
    expect(fake.connections()).toBe(2);
  });

  test.each([
    ['another version of ssh2', { _identRaw: Buffer.from('SSH-2.0-ssh2js1.18.0') }],
    ['a method that is gone', { rekey: undefined }],
    ['a field that is gone', { _kexinit: 1 }],
  ])('is not tried with %s', (_, change) => {
    const method = (): void => {};
    const parts = { _onHeader: method, start: method, rekey: method, service: method, authPK: method };
    const rest = { exec: method, channelData: method, _kex: undefined, _kexinit: undefined };
    const whole = { _identRaw: Buffer.from('SSH-2.0-ssh2js1.17.0'), ...parts, ...rest };
    const parsed = ssh2.utils.parseKey(readFileSync(key));
    if (parsed instanceof Error) throw parsed;
    const identity = { label: 'key', key: parsed, agent: undefined };
    const plan = { pace: 'auth', user: 'u', identity, command: 'c', input: Buffer.alloc(0) } as const;
    const prepare = (protocol: object) => {
      const client = new Client();
      Reflect.set(client, '_protocol', protocol);
      return fastLogin(client, plan);
    };
    expect(prepare({ ...whole })).toBeDefined();
    expect(prepare({ ...whole, ...change })).toBeUndefined();
  });

  test('fits the ssh2 that is installed', () => {
    const { version }: { version: string } = JSON.parse(readFileSync('node_modules/ssh2/package.json', 'utf8'));
    expect(version).toBe('1.17.0');
  });

  test.skipIf(noSshd !== undefined)('does not disturb a later exchange of keys', async () => {
    const sshd = await startSshd(['RekeyLimit 256K', 'LogLevel DEBUG1']);
    try {
      const connection = await connector({ home: '/', agentSocket: undefined })(sshd.login(), sh`:`, () => {}, never);
      const content = 'x'.repeat(1_000_000);
      const sizes: number[] = [];
      const program = sh`x=${content}; printf '\n%s out - %s\n%s' "$N" "\${#x}" "$x" >&3`;
      for (let i = 0; i < 3; i++) await connection.run(program, (frame) => sizes.push(frame.body.length), never);
      expect(sizes).toEqual([1_000_000, 0, 1_000_000, 0, 1_000_000, 0]);
      expect(sshd.connections()).toBe(1);
      expect(sshd.log().match(/set_newkeys: rekeying/g)?.length).toBeGreaterThan(2);
      await connection.close();
    } finally {
      sshd.stop();
    }
  });
});
