import { HealError } from '../../core/errors.ts';
import type { Evaluated, Task, Variables } from '../../core/playbook.ts';
import type { Account } from '../../core/probe.ts';
import { Secret } from '../../core/secret.ts';

/** The users of a connection, by name. */
export interface TaskUsers {
  /** The user of the persistent shell: the login user, or with `become` for the whole login another. */
  readonly current: string;
  readonly login: string;
  /** The user to become if a task names none. */
  readonly become: string;
}

/** The account and environment of a task: `become`, `become_user` and `environment`. */
export function accountOf(task: Task, variables: Variables, users: TaskUsers): Evaluated<Account> {
  const environment = task.environment?.evaluate(variables);
  if (environment?.kind === 'pending') return environment;
  const becomeUser = task.becomeUser?.evaluate(variables);
  if (becomeUser?.kind === 'pending') return becomeUser;

  // `become: false` undoes the become of the login; without become, become_user alone changes the user, too.
  const wanted =
    task.become === false ? users.login : (becomeUser?.value ?? (task.become === true ? users.become : users.current));
  const becomes = wanted !== users.current;
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
