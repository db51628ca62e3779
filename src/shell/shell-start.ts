import type { Secret } from '../core/secret.ts';
import { bootstrapCommand, bootstrapText } from './bootstrap.ts';

/** How the persistent shell is started: a command line for the login shell, and the input before the first request. */
export interface ShellStart {
  readonly command: string;
  readonly ahead: Buffer;
}

/** The account that runs programs, and how the login user becomes it. */
export interface Become {
  /** An account; undefined is the login user. */
  readonly user: string | undefined;
  readonly method: 'sudo' | 'su';
  /** sudo: the password of the login user, if sudo requires one. su: the password of root. */
  readonly password: Secret | undefined;
}

/**
 * The start of the persistent shell, as the login user or through sudo or su.
 *
 * A password is sent first on standard input: no list of processes shows it. It is tried once, with no input after it that
 * could be used for a second try. Only if it is correct, the shell is started or the prelude gets it, in the variable HEAL_PW,
 * which is not exported. Whether one is needed:
 *
 * - sudo: `sudo -n -k` reports it (sudo(8): -k ignores the cached credentials, so that the answer depends only on the rules).
 * - su: if it asks for none (pam_wheel(8), `trust`), the password is left to the command that su runs.
 *
 * su becomes root, and root becomes any other account without a password.
 */
export function shellStart({ user, method, password }: Become): ShellStart {
  const passwords = password === undefined ? 0 : user === undefined ? 1 : 2;
  // This shell reads it first, and then sudo or su.
  const ahead = Buffer.from(`${password?.reveal()}\n`.repeat(passwords));
  if (method === 'sudo' && password === undefined) {
    const command = user === undefined ? bootstrapCommand : `sudo -n -H -u ${user} -- ${bootstrapCommand}`;
    return { command, ahead };
  }
  const script = scripts[method][user === undefined ? 'forTasks' : 'forShell'](password !== undefined, user ?? '');
  return {
    command: `sh -c '${script.join(' ')}' heal '${bootstrapText}'${user === undefined ? '' : ` ${user}`}`,
    ahead,
  };
}

type Script = (password: boolean, user: string) => readonly string[];

/** Prints "free" if su leaves the password to its command. busybox' su prints its prompt before that. */
const rootCheck = 'su -s /bin/sh -c "read -r _x && echo free; :" root';

const setUp = 'LC_ALL=C; export LC_ALL; unset _p HEAL_PW HEAL_SU;';

// As in bootstrap.ts: one line without single quotes, for every login shell.
const scripts: Readonly<Record<Become['method'], Readonly<Record<'forShell' | 'forTasks', Script>>>> = {
  sudo: {
    forShell: () => [
      `${setUp} IFS= read -r _p || exit 1;`,
      'if sudo -n -k -u "$2" true 2>/dev/null; then IFS= read -r _p; unset _p; exec sudo -n -H -u "$2" -- sh -c "$1"; fi;',
      'printf "%s\\n" "$_p" | sudo -S -k --prompt= -u "$2" true || exit 1;',
      'unset _p; exec sudo -S -k --prompt= -H -u "$2" -- sh -c "$1"',
    ],
    forTasks: () => [
      `${setUp} IFS= read -r HEAL_PW || exit 1;`,
      'if sudo -n -k true 2>/dev/null; then HEAL_PW=;',
      'elif _e=$(printf "%s\\n" "$HEAL_PW" | sudo -S -k --prompt= true 2>&1); then :;',
      'else HEAL_PW=; case $_e in *incorrect*|*again*|*uthentication*) printf "%s\\n" "$_e" >&2; exit 1;; esac; fi;',
      'unset _e; eval "$1"',
    ],
  },
  su: {
    forShell: (password, user) => [
      ...(password
        ? [
            `${setUp} IFS= read -r _p || exit 1;`,
            `_f=$(printf "%s\\n" "$_p" | ${rootCheck}) || exit 1;`,
            'case $_f in *free) IFS= read -r _p;; esac; unset _p _f;',
          ]
        : ['su -s /bin/sh -c : root </dev/null || exit 1;']),
      user === 'root'
        ? 'exec su -s /bin/sh -c "$1" root'
        : 'exec su -s /bin/sh -c "exec su -s /bin/sh -c \\"\\$1\\" $2" root heal "$1"',
    ],
    forTasks: (password) => [
      `${setUp} HEAL_SU=1;`,
      ...(password
        ? [
            'IFS= read -r HEAL_PW || exit 1;',
            `_f=$(printf "%s\\n" "$HEAL_PW" | ${rootCheck}) || exit 1;`,
            'case $_f in *free) HEAL_PW=;; esac; unset _f;',
          ]
        : []),
      'eval "$1"',
    ],
  },
};
