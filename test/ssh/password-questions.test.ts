import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext } from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { HealError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { makeKey, testLogin } from './sshd.ts';

const never = new AbortController().signal;

describe('a server that asks in its own way', () => {
  const servers: { close(): unknown }[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** What a login to a server in this process ends with, and the answers that the server got. */
  async function refusalBy(onAuth: (context: AuthContext, answers: string[]) => void) {
    const directory = mkdtempSync(join(tmpdir(), 'heal-password-'));
    const answers: string[] = [];
    let connections = 0;
    const server = new ssh2.Server(
      { hostKeys: [readFileSync(makeKey(directory, 'host', '-t', 'ed25519'))] },
      (client) => {
        connections += 1;
        client.on('error', () => {}).on('authentication', (context) => onAuth(context, answers));
      },
    );
    servers.push(server);
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(Number(Reflect.get(server.address() ?? {}, 'port'))));
    });
    const password = new Secret('open sesame');
    const login = testLogin({ port, user: 'me', hostKeyChecking: 'off', identityFiles: [], password });
    const connect = connector({ home: directory, agentSocket: undefined });
    const error: unknown = await connect(login, sh`:`, () => {}, never).catch((reason: unknown) => reason);
    rmSync(directory, { recursive: true });
    if (!(error instanceof HealError)) throw new Error('it was not refused');
    expect(connections).toBe(1);
    return { message: error.message.replace(` port ${port}`, ''), answers };
  }
  const asks = (prompts: { prompt: string; echo: boolean }[], then?: { prompt: string; echo: boolean }[]) =>
    refusalBy((context, answers) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt(prompts, (first) => {
        answers.push(...first);
        if (then === undefined) return context.reject(['keyboard-interactive']);
        context.prompt(then, (second) => answers.push(...second));
      });
    });

  test('gets no answer to a question that is shown, or to several', async () => {
    expect(await asks([{ prompt: 'Token: ', echo: true }])).toEqual({
      message: '127.0.0.1 asks me for more than a password: "Token:"',
      answers: [],
    });
    const two = [
      { prompt: 'Password: ', echo: false },
      { prompt: 'Code: ', echo: false },
    ];
    expect(await asks(two)).toEqual({
      message: '127.0.0.1 asks me for more than a password: "Password:", "Code:"',
      answers: [],
    });
  });

  test('gets one answer, also if it asks again', async () => {
    const question = [{ prompt: 'Password: ', echo: false }];
    expect(await asks(question, question)).toEqual({
      message: '127.0.0.1 asks me for more than a password: "Password:"',
      answers: ['open sesame'],
    });
    expect(await asks(question)).toEqual({
      message: '127.0.0.1 refused the password of me',
      answers: ['open sesame'],
    });
  });

  test('for a new password is named', async () => {
    const { message } = await refusalBy((context) => {
      if (context.method !== 'password') return context.reject(['password']);
      context.requestChange('New password: ', () => context.reject());
    });
    expect(message).toBe('the password of me on 127.0.0.1 has expired');
  });

  test('and accepts both methods gets the password with one of them', async () => {
    const methods: string[] = [];
    await refusalBy((context) => {
      methods.push(context.method);
      context.reject(['keyboard-interactive', 'password']);
    });
    expect(methods).toEqual(['none', 'password']);
  });
});
