import { existsSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/core/connection.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Sh } from '../../src/core/sh.ts';
import { bootstrapCommand, newNonce, request, stopRequest, type Verb } from '../../src/shell/bootstrap.ts';
import { frameParser } from '../../src/shell/frames.ts';
import { sh } from '../../src/shell/sh.ts';
import { shellStart } from '../../src/shell/shell-start.ts';
import { type Started, startChild } from '../child.ts';
import fc from '../samples.ts';
import { type Shell, shells } from './shells.ts';

const { all, remove } = shells();
const started: Started[] = [];
afterEach(() => Promise.all(started.splice(0).map((child) => child.stop())));
afterAll(remove);

/** The kept shell as a login shell starts it. */
class Kept {
  readonly stdin: Writable;
  /** Resolves with the exit code of the shell, which what it started may outlive. */
  readonly exited: Promise<number | null>;
  readonly closed: Promise<number | null>;
  stderr = '';
  stdout = Buffer.alloc(0);
  #onData: ((chunk: Buffer) => void) | undefined;

  constructor(shell: Shell, login: readonly [string, ...string[]] = shell.command) {
    const command = bootstrapCommand.replace(/PATH=\S+/, `PATH=${shell.path}`);
    const [file, ...args] = login;
    const begun = startChild(file, [...args, '-c', command], { env: { PATH: shell.path }, stdin: 'pipe' });
    started.push(begun);
    const { child } = begun;
    if (child.stdin === null) throw new Error('no standard input');
    this.stdin = child.stdin;
    child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout = Buffer.concat([this.stdout, chunk]);
      this.#onData?.(chunk);
    });
    this.exited = new Promise((resolve) => child.on('exit', resolve));
    this.closed = new Promise((resolve) => child.on('close', resolve));
  }

  async ask(verb: Verb, program: Sh, onFrame: (frame: Frame) => void = () => {}): Promise<Frame[]> {
    const nonce = newNonce();
    const parser = frameParser(nonce);
    const frames: Frame[] = [];
    const answered = new Promise<void>((resolve) => {
      this.#onData = (chunk) => {
        const more = parser.feed(chunk);
        frames.push(...more);
        for (const frame of more) onFrame(frame);
        if (frames.at(-1)?.kind === 'end') resolve();
      };
    });
    this.stdin.write(request(verb, nonce, program));
    await Promise.race([
      answered,
      this.closed.then(() => {
        throw new Error(`the shell ended: ${this.stderr}`);
      }),
    ]);
    return frames;
  }

  /** Starts a program that says `begun`; resolves when it did, with the promise of its end. */
  begin(program: Sh): Promise<{ readonly ended: Promise<Frame[]> }> {
    return new Promise((resolve, reject) => {
      const ended = this.ask('run', program, ({ kind }) => {
        if (kind === 'begun') resolve({ ended });
      });
      ended.catch(reject);
    });
  }

  /** What a program prints, and its exit code. */
  async run(program: Sh): Promise<{ out: string; code: string | undefined }> {
    const frames = await this.ask(
      'run',
      sh`out=$(${program}; printf .); printf '\n%s out - %s\n%s' "$N" $((\${#out} - 1)) "\${out%.}" >&3`,
    );
    return { out: frames[0]?.body.toString('utf8') ?? '', code: frames.at(-1)?.words[0] };
  }
}

const begun = sh`printf '\n%s begun - 0\n' "$N" >&3`;
const says = (text: string): Sh => sh`printf '\n%s out - %s\n%s' "$N" ${Buffer.byteLength(text)} ${text} >&3`;

test('the command contains nothing that a login shell would change, and is short enough for an old csh', () => {
  expect(bootstrapCommand.length).toBeLessThan(1024);
  expect(bootstrapCommand).toMatch(/^sh -c '[^'!\n]*'$/);
  expect(bootstrapCommand).not.toContain('\\\\');
});

test.each([
  [undefined, 'sudo'],
  ['app', 'sudo'],
  [undefined, 'su'],
  ['root', 'su'],
  ['app', 'su'],
] as const)(
  'the command that reads a password, for %s with %s, contains neither that nor anything that a login shell would change',
  (user, method) => {
    const { command, ahead } = shellStart({ user, method, password: new Secret('pa$$ word') });
    expect(command).toMatch(/^sh -c '[^'!\n]{1,1000}' heal '[^'!\n]{1,1000}'( app| root)?$/);
    expect(command).not.toContain('\\\\');
    expect(command).not.toContain('pa$$');
    expect(ahead.toString()).toBe('pa$$ word\n'.repeat(user === undefined ? 1 : 2));
  },
);

describe.each(all)('the kept shell under $name', (shell) => {
  test('runs programs one after the other', async () => {
    const kept = new Kept(shell);
    for (let i = 0; i < 20; i++) {
      const frames = await kept.ask('run', says(`${i}`));
      expect(frames.map((frame) => frame.body.toString())).toEqual([`${i}`, '']);
    }
    kept.stdin.end();
    expect(await kept.closed).toBe(0);
    expect(kept.stderr).toBe('');
  });

  test('gives the exit code', async () => {
    const kept = new Kept(shell);
    expect((await kept.ask('run', sh`exit 7`)).at(-1)?.words).toEqual(['7']);
    expect((await kept.ask('run', sh`false`)).at(-1)?.words).toEqual(['1']);
    expect((await kept.ask('run', sh`true`)).at(-1)?.words).toEqual(['0']);
  });

  test('survives a syntax error, also in the code that it loads', async () => {
    const kept = new Kept(shell);
    expect((await kept.ask('run', sh`if then ( done`)).at(-1)?.words).not.toEqual(['0']);
    expect((await kept.ask('load', sh`if then ( done`)).at(-1)?.words).not.toEqual(['0']);
    expect((await kept.run(sh`echo still`)).out).toBe('still\n');
    expect(kept.stderr).toContain('yntax error');
  });

  test('keeps loaded code, and nothing of the programs that it runs', async () => {
    const kept = new Kept(shell);
    await kept.ask('load', sh`greet() { echo "hello $1"; }`);
    await kept.ask('run', sh`greet() { echo bad; }; x=1; cd /`);
    expect((await kept.run(sh`greet you; echo "[\${x-}]"`)).out).toBe('hello you\n[]\n');
  });

  test('has a fixed environment', async () => {
    const kept = new Kept(shell);
    const { out } = await kept.run(sh`umask; echo "$LC_ALL \${ENV-none} $#"; echo "$PATH"`);
    expect(out).toBe(`0077\nC none 0\n${shell.path}\n`);
  });

  test('gives a program no access to the requests, and keeps its other output out of the frames', async () => {
    const kept = new Kept(shell);
    expect((await kept.run(sh`cat`)).out).toBe('');
    const frames = await kept.ask('run', sh`echo stray; cat <&4; ${says('x')}`);
    expect(frames.map((frame) => frame.kind)).toEqual(['out', 'end']);
    expect((await kept.run(sh`echo next`)).out).toBe('next\n');
    expect(kept.stderr).toContain('stray');
  });

  test('accepts any string', async () => {
    const kept = new Kept(shell);
    const anyText = fc
      .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('\n', '#', "'", '\\', '\x81', '\x82') }))
      .filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text));
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const [frame] = await kept.ask('run', says(text));
        expect(frame?.body.toString('utf8')).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test('accepts a long program', async () => {
    const kept = new Kept(shell);
    const text = "line with 'quotes' and ü\n".repeat(80_000);
    const [frame] = await kept.ask('run', says(text));
    expect(frame?.body.equals(Buffer.from(text))).toBe(true);
  });

  test('never runs an incomplete program', async () => {
    const kept = new Kept(shell);
    const whole = request('run', newNonce(), sh`${says('half')}\n: the rest`);
    kept.stdin.end(whole.subarray(0, whole.length - 3));
    expect(await kept.closed).toBe(1);
    expect(kept.stdout.toString()).toBe('');
    expect(kept.stderr).toBe('heal: a program came cut off\n');
  });

  test('gives the channel to a piped command', async () => {
    const kept = new Kept(shell);
    kept.stdin.write(request('pipe', newNonce(), sh`echo begin; cat; exit 3`));
    kept.stdin.end(Buffer.from([0, 255, 10, 13]));
    expect(await kept.closed).toBe(3);
    expect(kept.stdout).toEqual(Buffer.concat([Buffer.from('begin\n'), Buffer.from([0, 255, 10, 13])]));
  });

  test('stops a program on request, and runs the next', async () => {
    const kept = new Kept(shell);
    const { ended } = await kept.begin(sh`trap 'kill $!; exit 9' TERM; sleep 600 & ${begun}; wait`);
    kept.stdin.write(stopRequest(newNonce()));
    expect((await ended).at(-1)?.words).toEqual(['9']);
    kept.stdin.write(stopRequest(newNonce()));
    expect((await kept.run(sh`echo next`)).out).toBe('next\n');
  });

  test('kills a program on request', async () => {
    const kept = new Kept(shell);
    const { ended } = await kept.begin(sh`trap '' TERM; ${begun}; sleep 600`);
    kept.stdin.write(stopRequest(newNonce()));
    kept.stdin.write(stopRequest(newNonce(), 'KILL'));
    expect((await ended).at(-1)?.words).toEqual(['137']);
    expect((await kept.run(sh`echo next`)).out).toBe('next\n');
  });

  test('stops a program when the connection is closed', async () => {
    const kept = new Kept(shell);
    const { ended } = await kept.begin(sh`${begun}; sleep 600`);
    ended.catch(() => {});
    kept.stdin.end();
    expect(await kept.exited).not.toBeNull();
  });
});

describe('the login shell of the account may be', () => {
  const shell = all[0];
  test.each(['bash', 'dash', 'zsh', 'fish', 'tcsh'])('%s', async (name) => {
    const file = ['/bin', '/usr/bin'].map((place) => `${place}/${name}`).find((path) => existsSync(path));
    if (file === undefined || shell === undefined) {
      console.warn(`skipped: ${name} is not installed`);
      return;
    }
    const kept = new Kept(shell, [file]);
    expect((await kept.run(sh`printf '%s\n' "a\\b" ${'!x $y'}`)).out).toBe('a\\b\n!x $y\n');
    kept.stdin.end();
    expect(await kept.closed).toBe(0);
  });
});
