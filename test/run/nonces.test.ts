import { afterAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connection.ts';
import type { Question } from '../../src/core/probe.ts';
import { modules } from '../../src/modules/registry.ts';
import { entry } from '../../src/probes/entry.ts';
import { exchange } from '../../src/run/host/exchange.ts';
import { engineShells, shells } from '../shell/shells.ts';
import { constant, madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';
import { nonceOfProgram, readableNonces } from './nonces.ts';

const { all, remove } = shells();
afterAll(remove);

describe.skipIf(process.getuid?.() !== 0).each(engineShells(all))('the nonces of a run under $name', (shell) => {
  it.each([
    ['a question', true],
    ['a change', false],
  ])('are unknown to an account that runs %s in the same program as questions of root', async (_what, readonly) => {
    const tasks = [
      madeTask('shell', { cmd: readableNonces, readonly }, { becomeUser: constant('nobody') }),
      madeTask('shell', { cmd: nonceOfProgram, readonly: true }),
    ];
    const { done } = await runMade(shell, madePlay(tasks), modules, {});
    const [others, root] = done.map(({ result }) => String(result?.['stdout']));
    expect([others, root]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/m), expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(others).not.toContain(root);
  });
});

it('a command that ends like a failed guard has failed, and is not decided again', async () => {
  const [shell] = all;
  if (shell === undefined) throw new Error('no shell');
  const cmd = `printf '%s moved' ${'0'.repeat(32)} >&2; exit 97`;
  const { done } = await runMade(shell, madePlay([madeTask('shell', { cmd })]), modules, {});
  expect(done).toMatchObject([{ status: 'failed', result: { rc: 97 } }]);
});

it('a group of another account cannot answer for a group of root', async () => {
  const root = entry('/root-file');
  const others = entry('/other-file', {}, { user: 'www' });
  const program = '1'.repeat(32);
  const stat = (nonce: string, path: string, size: number): string =>
    `\n${nonce} stat\n${nonce}|81a4|0|0|root|root|${size}|1|1|1|1|${path}${nonce}>${path}${nonce}.\n`;
  const connection: Connection = {
    host: 'h',
    roundTrips: 0,
    run: async (text, onFrame) => {
      const [, group, nonce = ''] = /group '?(g\d+)'? '?\d+'? '?www'? '?([0-9a-f]{32})'?/.exec(text.text) ?? [];
      const [, rootGroup] = /group '?(g\d+)'? '?\d+'? ''/.exec(text.text) ?? [];
      // All that the account knows is its own nonce.
      const forged = `\n${nonce} group ${rootGroup}\n${stat(nonce, '/root-file', 666)}\n${nonce} done ${rootGroup} 0\n`;
      const answer = (id: string | undefined, output: string): string =>
        `\n${program} group ${id}\n${output}\n${program} done ${id} 0\n`;
      const body =
        answer(group, forged + stat(nonce, '/other-file', 5)) + answer(rootGroup, stat(program, '/root-file', 7));
      onFrame({ kind: 'answers', id: '-', words: ['0'], body: Buffer.from(body) });
    },
    channel: () => Promise.reject(new Error('no channel')),
    load: () => undefined,
    close: async () => undefined,
  };
  const questions: Question<unknown>[] = [root, others];
  const { answers } = await exchange(connection, { acts: [] }, questions, new AbortController().signal);
  expect(answers.get(root)).toMatchObject({ kind: 'present', value: { size: 7 } });
  expect(answers.get(others)).toMatchObject({ kind: 'present', value: { size: 5 } });
});
