import { expect, test } from 'vitest';
import type { Connect, Connection } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import { localConnection } from './local-connection.ts';
import { constant } from './made.ts';
import { run, task } from './several-made-hosts.ts';

test('the end of a handler is recorded on the host on which it was pending, not where the next task is delegated to', async () => {
  const programs = new Map<string, readonly string[]>();
  const handlers = [task('Restart', [])];
  const tasks = [
    task('change', [], { section: 'pre_tasks', runOnce: true, notify: [constant('Restart')] }),
    task('delegated', [], { delegateTo: constant('h2') }),
  ];
  const connect = async (...[{ name }, first, onFrame]: Parameters<Connect>): Promise<Connection> => {
    const connection = await localConnection(undefined, first, onFrame);
    programs.set(name, connection.programs);
    return connection;
  };
  const { report } = await run(2, { handlers }, tasks, undefined, connect);
  expect(report).toMatchObject({ h1: { changed: 3 }, h2: { changed: 1 } });
  const clears = (host: string): number =>
    (programs.get(host) ?? []).filter((text) => /rm -f .*\.handler/.test(text)).length;
  expect([clears('h1'), clears('h2')]).toEqual([1, 0]);
});

test('a task is run on the host it is delegated to also if the handler cannot be recorded on its own host', async () => {
  const handlers = [task('Restart', [])];
  const tasks = [
    task('delegated', [], { runOnce: true, delegateTo: constant('h2'), notify: [constant('Restart')] }),
    task('next', []),
  ];
  let refused = 0;
  const connect = async (...[{ name }, first, onFrame]: Parameters<Connect>): Promise<Connection> => {
    const connection = await localConnection(undefined, first, onFrame);
    return {
      ...connection,
      run: async (program, ...more) => {
        if (name === 'h1' && refused === 0 && /intended/.test(program.text)) {
          refused += 1;
          throw new HealError('unreachable', 'the connection to h1 was lost');
        }
        await connection.run(program, ...more);
      },
    };
  };
  const { report } = await run(2, { handlers }, tasks, undefined, connect);
  expect(refused).toBe(1);
  expect(report).toMatchObject({ h1: { changed: 3, unreachable: 0 }, h2: { changed: 1, unreachable: 0 } });
});
