import { HealError } from '../../core/errors.ts';
import type { Evaluated, Task, Variables } from '../../core/playbook.ts';
import type { Account } from '../../core/probe.ts';
import { Secret } from '../../core/secret.ts';

/**
 * The account and environment of a task: `become`, `become_user` and `environment`.
 *
 * @param users The user of the connection, and the user to become if the task names none.
 */
export function accountOf(
  task: Task,
  variables: Variables,
  users: { readonly loginUser: string; readonly becomeUser: string },
): Evaluated<Account> {
  const environment = task.environment?.evaluate(variables);
  if (environment?.kind === 'pending') return environment;
  const becomeUser = task.becomeUser?.evaluate(variables);
  if (becomeUser?.kind === 'pending') return becomeUser;

  const wanted = becomeUser?.value ?? (task.become === true ? users.becomeUser : undefined);
  const becomes = wanted !== undefined && task.become !== false && wanted !== users.loginUser;
  if (becomes && !/^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/.test(wanted)) {
    throw new HealError('failed', `${JSON.stringify(wanted)} is not a user's name`, { at: task.at });
  }
  const values = Object.entries(environment?.value ?? {}).map(([name, value]): [string, string | Secret] => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new HealError('failed', `${JSON.stringify(name)} can't be the name of an environment variable`, {
        at: task.at,
      });
    }
    return [name, value instanceof Secret ? value : String(value)];
  });
  return {
    kind: 'value',
    value: {
      ...(becomes ? { user: wanted } : {}),
      ...(values.length === 0 ? {} : { environment: Object.fromEntries(values) }),
    },
  };
}
