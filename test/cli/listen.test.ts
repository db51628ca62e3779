import { afterEach, expect, test, vi } from 'vitest';
import { listen } from '../../src/cli/interrupt.ts';

const before = process.listeners('SIGTERM');
afterEach(() => {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    for (const listener of process.listeners(name)) if (!before.includes(listener)) process.off(name, listener);
  }
});

test('the first signal requests an end, the second one exits at once', () => {
  const leave = vi.fn();
  const told = vi.fn();
  const interrupt = listen(leave);
  interrupt.onFirst = told;
  expect(interrupt.signal.aborted).toBe(false);
  process.emit('SIGTERM');
  expect(interrupt.signal.reason).toMatchObject({ kind: 'interrupted', message: 'interrupted' });
  expect(told).toHaveBeenCalledOnce();
  expect(leave).not.toHaveBeenCalled();
  process.emit('SIGINT');
  expect(leave).toHaveBeenCalledOnce();
});
