import type { Task, Variables } from '../../core/playbook.ts';

/**
 * Evaluates a task's `when`, up to the first condition that is false.
 *
 * @returns the source of that condition, or the names that have no value yet
 * @throws HealError if a condition can't be evaluated
 */
export function evaluateWhen(
  { when }: Pick<Task, 'when'>,
  variables: Variables,
): { readonly isFalse?: string; readonly waits: readonly string[] } {
  const waits: string[] = [];
  for (const condition of when) {
    const met = condition.evaluate(variables);
    if (met.kind === 'pending') waits.push(...met.names);
    else if (!met.value) return { isFalse: `when: ${condition.source}`, waits };
  }
  return { waits };
}
