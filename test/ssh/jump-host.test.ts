import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { HealError } from '../../src/core/errors.ts';
import { jumpHosts, type Route } from '../../src/ssh/jump/jump.ts';
import { testLogin } from './sshd.ts';

const never = new AbortController().signal;

describe('a jump host', () => {
  /** A login that a test makes, without a server. */
  function madeJumps() {
    const clients: EventEmitter[] = [];
    const jumps = jumpHosts(async () => {
      const client = new EventEmitter();
      clients.push(client);
      return client as never;
    });
    return { jumps, clients };
  }
  const jump = testLogin({ name: 'jump' });
  const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

  test('has eight logins through it at once, and then one for each that has ended', async () => {
    const { jumps, clients } = madeJumps();
    const routes: Route[] = [];
    const all = Array.from({ length: 10 }, () =>
      jumps.routeTo({ name: 'jack', jump }, never).then((route) => routes.push(route)),
    );
    await soon();
    expect(routes).toHaveLength(8);
    routes[0]?.leave();
    await soon();
    expect(routes).toHaveLength(9);
    routes[1]?.leave();
    await Promise.all(all);
    expect(clients).toHaveLength(1);
    // Another one has its own.
    await jumps.routeTo({ name: 'jack', jump: { ...jump, port: 23 } }, never);
    expect(clients).toHaveLength(2);
  });

  test('that was lost is logged in to again', async () => {
    const { jumps, clients } = madeJumps();
    (await jumps.routeTo({ name: 'jack', jump }, never)).leave();
    clients[0]?.emit('close');
    (await jumps.routeTo({ name: 'jack', jump }, never)).leave();
    (await jumps.routeTo({ name: 'jack', jump }, never)).leave();
    expect(clients).toHaveLength(2);
  });

  test('that cannot be logged in to keeps no other host waiting', async () => {
    const jumps = jumpHosts(() => Promise.reject(new HealError('unreachable', 'no', { hint: 'do' })));
    const errors = await Promise.allSettled(
      Array.from({ length: 20 }, () => jumps.routeTo({ name: 'jack', jump }, never)),
    );
    expect(new Set(errors.map((one) => one.status === 'rejected' && String(one.reason.message)))).toEqual(
      new Set(['jump host jump: no']),
    );
  });
});
