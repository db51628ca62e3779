import type { Login } from '../../core/connection.ts';

/** These logins and those of their jump hosts, each once; a jump host precedes the hosts that use it. */
export function withJumpHosts(logins: readonly Login[]): readonly Login[] {
  const all = new Map<string, Login>();
  const add = (login: Login): void => {
    if (login.jump !== undefined) add(login.jump);
    const { given: _given, ...rest } = login;
    const key = JSON.stringify(rest);
    if (!all.has(key)) all.set(key, login);
  };
  for (const login of logins) add(login);
  return [...all.values()];
}
