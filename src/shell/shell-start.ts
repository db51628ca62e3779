import type { Secret } from '../core/secret.ts';
import { bootstrapCommand, bootstrapText } from './bootstrap.ts';

/** How the persistent shell is started: a command line for the login shell, and the input before the first request. */
export interface ShellStart {
  readonly command: string;
  readonly ahead: Buffer;
}

/** The account that runs programs, and the password for sudo if it requires one. */
export interface Become {
  /** An account; undefined is the login user. */
  readonly user: string | undefined;
  /** Password of the login user, which sudo asks for. */
  readonly password: Secret | undefined;
}

/**
 * The start of the persistent shell, as the login user or through sudo.
 *
 * A password is sent first on standard input: no list of processes shows it. `sudo -n -k` reports whether one is needed
 * (sudo(8): -k ignores the cached credentials, so that the answer depends only on the rules). If so, the password is tried once,
 * with no input after it that sudo could use for a second try. Only if it is correct, the shell is started or the prelude
 * gets it, in the variable HEAL_PW, which is not exported.
 */
export function shellStart({ user, password }: Become): ShellStart {
  if (password === undefined) {
    const command = user === undefined ? bootstrapCommand : `sudo -n -H -u ${user} -- ${bootstrapCommand}`;
    return { command, ahead: Buffer.alloc(0) };
  }
  const script = user === undefined ? forTasks : forShell;
  return {
    command: `sh -c '${script.join(' ')}' heal '${bootstrapText}'${user === undefined ? '' : ` ${user}`}`,
    // This shell reads it first, and then sudo.
    ahead: Buffer.from(`${password.reveal()}\n`.repeat(user === undefined ? 1 : 2)),
  };
}

// As in bootstrap.ts: one line without single quotes, for every login shell.
const forShell = [
  'LC_ALL=C; export LC_ALL; unset _p; IFS= read -r _p || exit 1;',
  'if sudo -n -k -u "$2" true 2>/dev/null; then IFS= read -r _p; unset _p; exec sudo -n -H -u "$2" -- sh -c "$1"; fi;',
  'printf "%s\\n" "$_p" | sudo -S -k --prompt= -u "$2" true || exit 1;',
  'unset _p; exec sudo -S -k --prompt= -H -u "$2" -- sh -c "$1"',
];

const forTasks = [
  'LC_ALL=C; export LC_ALL; unset HEAL_PW; IFS= read -r HEAL_PW || exit 1;',
  'if sudo -n -k true 2>/dev/null; then HEAL_PW=;',
  'elif _e=$(printf "%s\\n" "$HEAL_PW" | sudo -S -k --prompt= true 2>&1); then :;',
  'else HEAL_PW=; case $_e in *incorrect*|*again*|*uthentication*) printf "%s\\n" "$_e" >&2; exit 1;; esac; fi;',
  'unset _e; eval "$1"',
];
