import type { Sh } from '../core/sh.ts';
import { sh } from './sh.ts';

/**
 * Defines `becomer`, for a kept shell that does not run as root: `sh -c "$become" become USER SCRIPT` then runs SCRIPT as USER,
 * with standard input after `$ahead`.
 *
 * su becomes root first, and root becomes USER, so that one password is enough: that of root. What su prints itself, such as
 * its prompt for the password, is dropped.
 */
export const becomer: Sh = sh`
# becomer USER: sets $become, and $ahead to the password if sudo or su asks for one (HEAL_PW is empty if the login user needs
# none).
becomer() {
  ahead=
  [ -z "$HEAL_PW" ] || ahead="$HEAL_PW
"
  if [ -n "$HEAL_SU" ]; then
    become='export HEAL_U="$1" HEAL_T="$2"
      exec su -s /bin/sh -c '\''exec 2>&5 5>&-; exec su -s /bin/sh -c "unset HEAL_U HEAL_T; $HEAL_T" "$HEAL_U"'\'' root 5>&2 2>/dev/null'
    return 0
  fi
  if [ -z "$ahead" ] || { [ "$1" != root ] && sudo -n -k -u "$1" true </dev/null >/dev/null 2>&1; }; then
    ahead= become='exec sudo -n -H -u "$1" -- sh -c "$2"'
  else
    become='exec sudo -S -k --prompt= -H -u "$1" -- sh -c "$2"'
  fi
}
`;

/**
 * A command for a separate channel that runs as another account and reads the channel's input. It uses `su` if the shell runs as
 * root, and sudo or su as the login user otherwise, like the changes of a program (prelude.ts).
 */
export function asUser(user: string | undefined, command: Sh): Sh {
  if (user === undefined) return command;
  const { text } = command;
  return sh`
    ${becomer}
    [ "$(id -u)" != 0 ] || exec su -s /bin/sh ${user} -c ${text}
    becomer ${user}
    [ -n "$ahead" ] || exec sh -c "$become" become ${user} ${text}
    { printf %s "$ahead"; exec cat; } | sh -c "$become" become ${user} ${text}
  `;
}
