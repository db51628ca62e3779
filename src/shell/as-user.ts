import type { Sh } from '../core/sh.ts';
import { sh } from './sh.ts';

/** Defines `sudoer`, which prepares a sudo command. */
export const sudoer: Sh = sh`
# sudoer USER: sets the options of sudo, and what goes ahead of a script: the password, where sudo asks for one (HEAL_PW is
# empty if the user who logs in needs none).
sudoer() {
  sudo=-n ahead=
  [ -n "$HEAL_PW" ] || return 0
  if [ "$1" != root ] && sudo -n -k -u "$1" true </dev/null >/dev/null 2>&1; then return 0; fi
  sudo='-S -k --prompt=' ahead="$HEAL_PW
"
}
`;

/**
 * A command for a separate channel that runs as another account and reads the channel's input. It uses `su` if the shell runs as
 * root, and sudo otherwise, like the changes of a program (prelude.ts).
 */
export function asUser(user: string | undefined, command: Sh): Sh {
  if (user === undefined) return command;
  const { text } = command;
  return sh`
    ${sudoer}
    [ "$(id -u)" != 0 ] || exec su -s /bin/sh ${user} -c ${text}
    sudoer ${user}
    [ -n "$ahead" ] || exec sudo -n -H -u ${user} -- sh -c ${text}
    { printf %s "$ahead"; exec cat; } | sudo $sudo -H -u ${user} -- sh -c ${text}
  `;
}
