import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Connection, Frame } from '../../src/core/connection.ts';
import { sh } from '../../src/shell/sh.ts';
import { type Connector, connector } from '../../src/ssh/connect.ts';
import { until } from '../until.ts';
import { loginOfHome } from './config-home.ts';
import { noSshd, type Sshd, startSshd } from './sshd.ts';

const never = new AbortController().signal;

/** A ProxyCommand as small as can be: it connects to ARGUMENTS and writes its process id into the file `pid`. */
const relay = `
const { writeFileSync } = require('node:fs');
const [, , host, port, pid] = process.argv;
writeFileSync(pid, String(process.pid));
const socket = require('node:net').connect(Number(port), host);
process.stdin.pipe(socket).pipe(process.stdout);
`;

describe.skipIf(noSshd !== undefined)('a host behind a ProxyCommand', () => {
  let sshd: Sshd;
  let home = '';
  beforeAll(async () => {
    sshd = await startSshd();
    home = mkdtempSync(join(tmpdir(), 'heal proxy-'));
    mkdirSync(join(home, '.ssh'));
    appendFileSync(join(home, '.ssh/known_hosts'), readFileSync(sshd.knownHosts));
    writeFileSync(join(home, 'relay.cjs'), relay);
  });
  afterAll(() => {
    sshd?.stop();
    rmSync(home, { recursive: true });
  });
  const connectors: Connector[] = [];
  const open: Connection[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
    await Promise.all(connectors.splice(0).map((made) => made.close()));
    rmSync(join(home, 'pid'), { force: true });
  });

  const through = (): string => `"${process.execPath}" "${home}/relay.cjs" %h %p "${home}/pid"`;
  const pid = (): number => Number(readFileSync(join(home, 'pid'), 'utf8'));

  /** Logs in to the host jack with this ProxyCommand and returns what a program prints there. */
  async function reach(
    command: string,
    text = 'hello',
    first: readonly string[] = [],
    signal = never,
  ): Promise<string> {
    const { user } = sshd.login();
    const block = [`HostName 127.0.0.1`, `Port ${sshd.port}`, `User ${user}`, `IdentityFile ${sshd.key}`];
    const own = command === '' ? first : [`ProxyCommand ${command}`, ...first];
    const config = ['Host jack', ...own, 'Host *', ...block, ''].join('\n');
    writeFileSync(join(home, '.ssh/config'), config);
    const connect = connector({ home, agentSocket: undefined });
    connectors.push(connect);
    const frames: Frame[] = [];
    const program = sh`x=${text}; printf '\n%s out - %s\n%s' "$N" "\${#x}" "$x" >&3`;
    const login = await loginOfHome(home, 'jack');
    open.push(await connect(login, program, (frame) => frames.push(frame), signal));
    return frames.map((frame) => frame.body.toString()).join('');
  }

  test('is logged in to over it, in one connection; the command ends with the connection', async () => {
    const before = sshd.connections();
    const content = 'line\n'.repeat(200_000);
    expect((await reach(through(), content)) === content).toBe(true);
    expect(sshd.connections() - before).toBe(1);
    const id = pid();
    // A group of its own, and no terminal: Ctrl-C reaches heal only.
    const [group, session, terminal] =
      readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(2) ?? [];
    expect([group, session, terminal]).toEqual([String(id), String(id), '0']);
    await open.pop()?.close();
    await until('the command has ended', () => !existsSync(`/proc/${id}`));
  });

  test('may be the jump host of another', async () => {
    const jump = ['ProxyJump two', 'Host two', `ProxyCommand ${through()}`];
    expect(await reach('', 'hello', jump)).toBe('hello');
    expect(pid()).toBeGreaterThan(0);
  });

  test.each([
    ['echo to stderr >&2; echo "not found" >&2; exit 3', 'ended with exit code 3: not found'],
    ['true', 'ended with exit code 0'],
    ['kill -9 $$', 'was killed by SIGKILL'],
  ])('is unreachable, with the line of the config, if the command is %s', async (command, how) => {
    const error = await reach(`sh -c '${command}'`).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      kind: 'unreachable',
      message: `the ProxyCommand of jack ${how}`,
      at: { file: join(home, '.ssh/config'), line: 2, column: 14 },
      hint: `run it manually: sh -c '${command}'`,
    });
  });

  test('is unreachable as soon as the command has ended, also if a process that it started keeps stderr open', async () => {
    const command = `sh -c 'sleep 600 >&- & echo $! >"${home}/pid"; echo no >&2; exit 1'`;
    try {
      await expect(reach(command)).rejects.toThrow('the ProxyCommand of jack ended with exit code 1: no');
      expect(existsSync(`/proc/${pid()}`)).toBe(true);
    } finally {
      process.kill(pid(), 'SIGKILL');
    }
  });

  test('is unreachable if the command prints what is not SSH, or nothing in time', async () => {
    await expect(reach('echo hello')).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(reach('sleep 20', '', ['ConnectTimeout 1'])).rejects.toMatchObject({
      kind: 'unreachable',
      message: `logging in to 127.0.0.1 port ${sshd.port} through its ProxyCommand timed out after 1 s`,
      hint: 'does it reach the host? Run it manually: sleep 20',
    });
  });

  test('is lost when the command ends in the middle of a program', async () => {
    await reach(through());
    const run = open[0]?.run(sh`sleep 60`, () => {}, never);
    process.kill(pid(), 'SIGKILL');
    await expect(run).rejects.toMatchObject({
      kind: 'unreachable',
      message: `the connection to 127.0.0.1 port ${sshd.port} was lost`,
      cause: { message: 'the ProxyCommand of jack was killed by SIGKILL' },
    });
  });

  test('leaves no command when the run is interrupted', async () => {
    const stop = new AbortController();
    const attempt = reach(`sh -c 'echo $$ > "${home}/pid"; exec sleep 20'`, '', [], stop.signal);
    await until('the command runs', () => existsSync(join(home, 'pid')) && pid() > 0);
    stop.abort();
    await expect(attempt).rejects.toMatchObject({ kind: 'interrupted' });
    await until('the command has ended', () => !existsSync(`/proc/${pid()}`));
  });
});
