import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loginAttempts } from './login-attempts.ts';
import { refusal } from './refusal.ts';
import { freePort, makeKey, testLogin } from './sshd.ts';

const { connect } = loginAttempts();
const servers: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function listen(onSocket: (socket: Socket) => void): Promise<number> {
  return new Promise((resolve) => {
    const server: Server = createServer(onSocket);
    servers.push(server);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

describe('without an sshd', () => {
  let directory = '';
  let key = '';
  beforeAll(async () => {
    const { mkdtempSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    directory = mkdtempSync(join(tmpdir(), 'heal-connect-'));
    key = makeKey(directory, 'key', '-t', 'ed25519');
  });
  afterAll(async () => (await import('node:fs')).rmSync(directory, { recursive: true, force: true }));

  test('a refused connection is distinguished from other errors', async () => {
    const port = await freePort();
    const error = await refusal(connect(testLogin({ port, identityFile: key })));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toBe(`connection refused by 127.0.0.1 port ${port}`);
    expect(error.hint).toBe('is sshd running there, and is this its port?');
  });

  test('an unknown name is distinguished from other errors', async () => {
    const error = await refusal(connect(testLogin({ address: 'no-such-host.invalid', identityFile: key })));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toMatch(/no-such-host\.invalid/);
    expect(error.message).toMatch(/^(unknown host name|the name .* could not be looked up)/);
  });

  test('a server that sends nothing times out', async () => {
    const port = await listen(() => {});
    const error = await refusal(connect(testLogin({ port, identityFile: key, connectTimeout: 0.3 })));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toBe(`logging in to 127.0.0.1 port ${port} timed out after 0.3 s`);
  });

  test.each(['plain', 'kex'] as const)('a closed connection is distinguished from other errors (%s)', async (pace) => {
    const port = await listen((socket) => socket.end());
    const error = await refusal(connect(testLogin({ port, identityFile: key }), { pace }));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toBe(`127.0.0.1 port ${port} closed the connection during the login`);
  });

  test('a server of another protocol is not an sshd', async () => {
    const port = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error = await refusal(connect(testLogin({ port, identityFile: key })));
    expect(error.message).toBe(`127.0.0.1 port ${port} closed the connection during the login`);
  });

  test('a reset connection is distinguished from other errors', async () => {
    const port = await listen((socket) => socket.resetAndDestroy());
    const error = await refusal(connect(testLogin({ port, identityFile: key })));
    expect(error.message).toBe(`connection reset by 127.0.0.1 port ${port}`);
  });

  test('a missing key is found before anything is sent', async () => {
    const port = await freePort();
    const error = await refusal(connect(testLogin({ port, identityFile: join(directory, 'none') })));
    expect(error.kind).toBe('usage');
    expect(error.message).toBe(`there is no key file ${join(directory, 'none')}`);
  });

  test('a user name that the login shell would not accept as one word is refused', async () => {
    const error = await refusal(connect(testLogin({ become: true, becomeUser: 'x; reboot', identityFile: key })));
    expect(error.kind).toBe('usage');
    expect(error.message).toBe('become_user "x; reboot" is not the name of a user');
  });

  test('an interrupted login ends at once', async () => {
    const abort = new AbortController();
    // Connected, and the client has spoken: the login waits for an answer.
    const port = await listen((socket) => socket.once('data', () => abort.abort()));
    const error = await refusal(connect(testLogin({ port, identityFile: key }), { signal: abort.signal }));
    expect(error.kind).toBe('interrupted');
    expect(error.message).toBe(`logging in to 127.0.0.1 port ${port} was interrupted`);
  });
});
