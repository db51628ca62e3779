import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { waitFor } from '../../src/modules/wait-for.ts';
import { type Started, startChild } from '../child.ts';
import { startServer } from '../server.ts';
import { casesUnder } from '../shell/shells.ts';
import { freePort } from '../ssh/sshd.ts';
import { ask, converge, decide, inputOf, scratch, shells } from './on-this-machine.ts';
import { proven, titles } from './proven.ts';

const given = (args: JsonObject): JsonObject => ({
  host: '127.0.0.1', state: 'started', timeout: 100, delay: 0, sleep: 1, connect_timeout: 2, ...args,
}); // biome-ignore format: a table

for (const shell of shells()) {
  const cases = casesUnder(shell);
  describe.skipIf(shell.missing !== undefined)(`wait_for under ${shell.name}`, () => {
    let directory = '';
    const at = (name: string): string => join(directory, name);
    const run = (args: JsonObject, meanwhile?: () => void) => converge(shell, waitFor, given(args), {}, meanwhile);
    /** Runs a string once it was decided to wait for what it does. */
    const children: Started[] = [];
    const later = (text: string) => () => {
      children.push(startChild('sh', ['-c', `sleep 1; cd ${directory}; ${text}`]));
    };
    beforeEach(() => {
      directory = scratch();
    });
    afterEach(async () => {
      await Promise.all(children.splice(0).map((child) => child.stop()));
      rmSync(directory, { recursive: true, force: true });
    });

    test('a path that is created, and a path that is removed', () => {
      expect(titles(proven(run({ path: at('f') }, later('echo > f'))))).toEqual([`wait until ${at('f')} is there`]);
      expect(titles(run({ path: at('f'), state: 'present' }))).toEqual([]);
      const gone = proven(run({ path: at('f'), state: 'absent' }, later('rm f')));
      expect(titles(gone)).toEqual([`wait until ${at('f')} is gone`]);
      symlinkSync('nowhere', at('link'));
      expect(titles(run({ path: at('link') }))).toEqual([]);
    });

    test('a line in a file', () => {
      writeFileSync(at('log'), 'starting\n');
      const wanted = { path: at('log'), search_regex: '^ready after [0-9]+ ms$' };
      const done = proven(run(wanted, later("echo 'ready after 12 ms' >>log")));
      expect(titles(done)).toEqual([`wait until ${at('log')} has line with ^ready after [0-9]+ ms$`]);
      expect(titles(run({ path: at('none'), search_regex: 'x', state: 'absent' }))).toEqual([]);
    });

    cases('what does not come in time is told', () => {
      const done = run({ path: at('none'), timeout: 1 });
      expect(done.applied).toMatchObject([
        { code: 1, stderr: `it did not come about in 1 s: ${at('none')} is there\n` },
      ]);
      expect(run({ path: at('none'), timeout: 0, msg: 'no luck' }).applied[0]?.stderr).toBe('no luck\n');
    });

    test('a port that opens', async () => {
      const port = await freePort();
      expect(titles(run({ port, state: 'stopped' }))).toEqual([]);
      const server = `require('net').createServer().listen(${port}, '127.0.0.1')`;
      const done = proven(run({ port }, later(`exec '${process.execPath}' -e "${server}"`)));
      expect(titles(done)).toEqual([`wait until port ${port} of 127.0.0.1 takes connections`]);
      const child = children.at(-1);
      const closed = run({ port, state: 'stopped' }, () => process.kill(child?.pid ?? 0));
      expect(titles(proven(closed))).toEqual([`wait until port ${port} of 127.0.0.1 takes no connections any more`]);
    });

    cases('in a plan it is unknown what has not come, and ok what has', () => {
      const plan = (path: string) => decide(shell, waitFor, given({ path }), inputOf({ checkMode: true })).decision;
      expect(plan(directory)).toEqual({ changes: [] });
      expect(plan(at('none')).failed).toBe(
        'not known before the change: it has not come yet, and only a run waits for it',
      );
    });
  });
}

describe('another host, without bash', () => {
  const tools = ['/bin/busybox', '/usr/bin/curl'].filter((path) => existsSync(path));

  test.each(tools.map((path) => [path]))('with %s', async (tool) => {
    const busybox = shells().find(({ name }) => name.startsWith('busybox'));
    if (busybox === undefined || busybox.missing !== undefined) throw new Error('there is no busybox');
    const only = scratch();
    for (const name of ['sh', 'env', 'timeout', 'grep', 'cat', 'date', 'sleep'])
      symlinkSync('/bin/busybox', join(only, name));
    symlinkSync(tool, join(only, tool.endsWith('curl') ? 'curl' : 'nc'));
    const server = await startServer("require('net').createServer(() => {})");
    const { port } = server;
    try {
      const shell = { ...busybox, sh: join(only, 'sh'), path: only };
      const state = (more: JsonObject) => {
        const reads = waitFor.reads(
          given({ host: '127.0.0.2', connect_timeout: 1, ...more }),
          () => undefined,
          inputOf(),
        );
        const [question] = Object.values(reads);
        return question === undefined ? undefined : ask(shell, [question]).get(question.key)?.kind;
      };
      expect(state({ port, host: '127.1' })).toBe('present');
      expect(state({ port })).toBe('absent');
    } finally {
      await server.stop();
      rmSync(only, { recursive: true });
    }
  });
});

test('a port or a path is required', () => {
  expect(waitFor.misuse?.(given({}))?.message).toBe('wait_for needs either port or path');
  expect(waitFor.misuse?.(given({ port: 1, path: '/x' }))?.message).toBe('wait_for needs either port or path');
  expect(waitFor.misuse?.(given({ port: 1, search_regex: 'x' }))?.message).toMatch(/give its path$/);
});
