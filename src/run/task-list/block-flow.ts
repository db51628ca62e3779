import type { Block, Task } from '../../core/playbook.ts';

/**
 * Where a host stands in the blocks of its list. A failure inside a `block` leaves the rest of it and goes on with its
 * `rescue`; the `always` of every block that is left runs in any case, the innermost first.
 */
export interface Flow {
  /** Whether an instance of this task is passed over now. */
  readonly skips: (task: Task) => boolean;
  /** Whether a failure of this task would be rescued. */
  readonly rescues: (task: Task) => boolean;
  /** Whether something is still run because of a failure of this task: a `rescue` or an `always` around it. */
  readonly minds: (task: Task) => boolean;
  /** Notes a failure. */
  readonly fail: (task: Task) => void;
  /** True once a failure was left that nothing rescued. */
  readonly failed: () => boolean;
}

/** The flow through these tasks. */
export function flowOf(tasks: readonly Task[]): Flow {
  const withRescue = new Set<Block>();
  const withAlways = new Set<Block>();
  for (const task of tasks) {
    for (const { block, part } of task.blocks ?? []) {
      if (part === 'rescue') withRescue.add(block);
      if (part === 'always') withAlways.add(block);
    }
  }
  /** `rescue`: its rescue is to run; `left`: neither its block nor its rescue goes on; `over`: nor its always. */
  const states = new Map<Block, 'rescue' | 'left' | 'over'>();
  const unwinding = new Set<Block>();
  let failed = false;

  return {
    skips: (task) => {
      for (const { block, part } of [...(task.blocks ?? [])].reverse()) {
        const state = states.get(block);
        if (part === 'always') {
          if (state === 'over') return true;
          // A failure on its way out passes here: what is around this block is left already, and does not count.
          if (unwinding.has(block)) return false;
        } else if (part === 'rescue' ? state !== 'rescue' : state !== undefined) return true;
      }
      return failed;
    },
    rescues: (task) =>
      [...(task.blocks ?? [])].reverse().some(({ block, part }) => part === 'block' && withRescue.has(block)),
    minds: (task) =>
      (task.blocks ?? []).some(
        ({ block, part }) =>
          (part === 'block' && withRescue.has(block)) || (part !== 'always' && withAlways.has(block)),
      ),
    fail: (task) => {
      for (const { block, part } of [...(task.blocks ?? [])].reverse()) {
        if (part === 'block' && withRescue.has(block)) {
          states.set(block, 'rescue');
          return;
        }
        states.set(block, part === 'always' ? 'over' : 'left');
        if (part !== 'always') unwinding.add(block);
      }
      failed = true;
    },
    failed: () => failed,
  };
}
