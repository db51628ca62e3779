import type { Block, Task } from '../../core/playbook.ts';

/**
 * The position of a host in the blocks of its list. A failure inside a `block` skips the rest of it and continues with its
 * `rescue`; the `always` of every block that ends runs in any case, the innermost first.
 */
export interface Flow {
  /** Whether an instance of this task is skipped now. */
  readonly skips: (task: Task) => boolean;
  /** Whether a failure of this task would be rescued. */
  readonly rescues: (task: Task) => boolean;
  /** Whether a failure of this task still runs other tasks: a `rescue` or an `always` around it. */
  readonly minds: (task: Task) => boolean;
  /** Records a failure. */
  readonly fail: (task: Task) => void;
  /** True after a failure that no `rescue` handled. */
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
  /** `rescue`: its rescue must run; `left`: neither its block nor its rescue continues; `over`: neither does its always. */
  const states = new Map<Block, 'rescue' | 'left' | 'over'>();
  const unwinding = new Set<Block>();
  let failed = false;

  return {
    skips: (task) => {
      for (const { block, part } of [...(task.blocks ?? [])].reverse()) {
        const state = states.get(block);
        if (part === 'always') {
          if (state === 'over') return true;
          // A failure leaves the enclosing blocks through this one: they have ended already, and do not count.
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
