import { expect, test } from 'vitest';
import type { Connect, Connection } from '../../src/core/connection.ts';
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
