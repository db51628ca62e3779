import { randomBytes } from 'node:crypto';
import type { Sh } from '../core/sh.ts';

/**
 * The persistent shell on a host. It reads requests from its standard input: each is a line `NONCE VERB LENGTH`, followed by
 * LENGTH bytes that contain a program and the end mark `#NONCE`. Verbs:
 *
 * - `run`: runs the program in a subshell, so that an `exit` or a syntax error in it does not end this shell;
 * - `load`: runs the program in this shell, so that its definitions remain;
 * - `pipe`: gives the channel to the program: the rest of standard input is its input, and its output is sent back;
 * - `stop`, with a signal instead of LENGTH: sends the signal to the program that is running.
 *
 * Programs write frames (see frames.ts) to descriptor 3, with `$N` as their nonce. This shell writes the last frame, `end`,
 * which contains the exit code.
 *
 * The login shell of the account, which may be bash, dash, zsh, fish, csh or tcsh, receives this string. Each of them passes
 * single-quoted text on one line unchanged, if it contains no single quote, no `!` (history of
 * csh) and no backslash before a backslash (fish). Keep it below 1024 bytes, the longest word that an old csh accepts.
 */
const lines = [
  // Files that programs write are readable only by their owner; names, messages and sort orders don't depend on the account.
  'umask 077; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C;',
  'export PATH LC_ALL; unset CDPATH ENV BASH_ENV;',
  // 3: frames, 4: requests. A program's own input is empty and its other output goes to the error channel, so neither
  // can consume a request or corrupt a frame. SIGPIPE keeps its default: a process that inherits it ignored never stops writing.
  'exec 4<&0 3>&1 </dev/null >&2;',
  'read -r _n _v _l <&4;',
  // The verb is empty at the end of input: the client has disconnected, so the shell ends.
  'while [ "$_v" ]; do N=$_n;',
  // Read exactly LENGTH bytes in one block: `head -c` of busybox would read beyond them into the next request.
  '_t=$(dd bs=$_l count=1 iflag=fullblock 2>/dev/null <&4);',
  // The mark at the end proves that the program is complete (half a program must not run), and preserves the newlines
  // before it, which $( ) would remove. The mark is compared because shells differ in what ${#x} counts.
  'case $_t in *"#$N") _t=${_t%"#$N"};; *) echo "heal: a program came cut off" >&2; exit 1;; esac;',
  'case $_v in',
  'pipe) exec <&4 >&3 3>&- 4<&-; eval "$_t"; exit;;',
  // `command` prevents a syntax error from ending the shell.
  'load) command eval "$_t" 4<&-; printf "\\n%s end - %s 0\\n" $N $? >&3; _h=; read -r _h <&4;;',
  // The program runs in the foreground (in the background its children would ignore SIGINT) and sends its process id
  // through a pipe to a watcher, which reads the requests meanwhile. The next request ends the watcher;
  // `stop` and the end of input (connection lost, Ctrl-C) make it signal the program, even if sudo prevents the control node
  // from doing so. Before that, it checks that the process still has the same parent, because ids are reused. The empty line
  // on 3 tells the login that the shell is alive.
  '*) _h=$({ (read -r _p _x _x _q _x </proc/self/stat; echo $_p $_q; echo >&3; exec >&2 4<&-; eval "$_t");',
  'printf "\\n%s end - %s 0\\n" $N $? >&3; } | { read -r _p _q;',
  '_k() { read -r _x _x _x _y _x </proc/$_p/stat && [ $_y = $_q ] && kill -${_l:-TERM} $_p; } 2>/dev/null;',
  'while read -r _n _v _l <&4; do [ $_v = stop ] || { echo $_n $_v $_l; exit; }; _k; done; _k; });;',
  'esac;',
  'set -- $_h; _n=$1 _v=$2 _l=$3; set --; done',
];

/** The program of the persistent shell: one line without single quotes. */
export const bootstrapText = lines.join(' ');

/** The command line that starts the persistent shell, as sent to the login shell. */
export const bootstrapCommand = `sh -c '${bootstrapText}'`;

/** What the persistent shell does with a request. */
export type Verb = 'run' | 'load' | 'pipe';

/** The bytes of a request that makes the persistent shell run a program. */
export function request(verb: Verb, nonce: string, program: Sh): Buffer {
  const text = Buffer.from(`${program.text}#${nonce}`, 'utf8');
  return Buffer.concat([Buffer.from(`${nonce} ${verb} ${text.length}\n`, 'latin1'), text]);
}

/** The bytes of a request to send a signal to the program that is running (only to the program, not to its children). */
export function stopRequest(nonce: string, signal: 'TERM' | 'KILL' = 'TERM'): Buffer {
  return Buffer.from(`${nonce} stop ${signal}\n`, 'latin1');
}

/** An unpredictable name for the frames of one program: 32 hexadecimal digits. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}
