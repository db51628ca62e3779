import { randomBytes } from 'node:crypto';
import type { Sh } from '../core/sh.ts';

/**
 * The shell that is kept open on a host. Its standard input carries requests, each a line `NONCE VERB LENGTH` and then
 * LENGTH bytes: a program, ended by `#NONCE`. Verbs:
 *
 * - `run`: the program runs in a subshell, so that an `exit` or a syntax error in it does not end this shell;
 * - `load`: it runs in this shell itself, so that what it defines stays;
 * - `pipe`: it takes over the channel: what follows on standard input is its input, what it prints is the output;
 * - `stop`, with a signal in the place of LENGTH: the program that runs now gets it.
 *
 * Programs write frames (see frames.ts) to descriptor 3, with `$N` as their nonce; the last one, `end`, is written for
 * them and bears their exit code.
 *
 * The text is given to the login shell of the account, which may be bash, dash, zsh, fish, csh or tcsh: all of them
 * hand on unchanged what stands in single quotes on one line, as long as it holds no single quote, no `!` (history of
 * csh) and no backslash before a backslash (fish). Below 1024 bytes, the longest word of an old csh.
 */
const lines = [
  // What programs write is for its owner alone; names, messages and sort orders don't depend on the account.
  'umask 077; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C;',
  'export PATH LC_ALL; unset CDPATH ENV BASH_ENV;',
  // 3: frames, 4: requests. A program's own input is empty and its stray output goes to the error channel, so neither
  // can eat a request or spoil a frame. SIGPIPE keeps its default: who inherits it ignored never ends writing.
  'exec 4<&0 3>&1 </dev/null >&2;',
  'read -r _n _v _l <&4;',
  // The verb is empty at the end of input: the client has gone, so the shell ends.
  'while [ "$_v" ]; do N=$_n;',
  // Exactly LENGTH bytes in one block: `head -c` of busybox would read ahead into the next request.
  '_t=$(dd bs=$_l count=1 iflag=fullblock 2>/dev/null <&4);',
  // The mark at the end proves that all of it came (a cut line must not run half a program), and keeps the newlines
  // before it, which $( ) would drop. Compared as text: shells differ in what ${#x} counts.
  'case $_t in *"#$N") _t=${_t%"#$N"};; *) echo "heal: a program came cut off" >&2; exit 1;; esac;',
  'case $_v in',
  'pipe) exec <&4 >&3 3>&- 4<&-; eval "$_t"; exit;;',
  // `command` keeps a syntax error from ending the shell.
  'load) command eval "$_t" 4<&-; printf "\\n%s end - %s 0\\n" $N $? >&3; _h=; read -r _h <&4;;',
  // The program runs in the foreground (in the background its children would ignore SIGINT) and tells its process id
  // to a watcher at the other end of the pipe, which reads the requests meanwhile. The next request ends the watcher;
  // `stop` and the end of input (a lost line, Ctrl-C) make it signal the program, also where sudo keeps the workstation
  // from doing so. Before that it looks whether the process still has that parent: ids are used again. The empty line
  // on 3 is the sign of life that the login waits for.
  '*) _h=$({ (read -r _p _x _x _q _x </proc/self/stat; echo $_p $_q; echo >&3; exec >&2 4<&-; eval "$_t");',
  'printf "\\n%s end - %s 0\\n" $N $? >&3; } | { read -r _p _q;',
  '_k() { read -r _x _x _x _y _x </proc/$_p/stat && [ $_y = $_q ] && kill -${_l:-TERM} $_p; } 2>/dev/null;',
  'while read -r _n _v _l <&4; do [ $_v = stop ] || { echo $_n $_v $_l; exit; }; _k; done; _k; });;',
  'esac;',
  'set -- $_h; _n=$1 _v=$2 _l=$3; set --; done',
];

/** What the kept shell runs: one line without single quotes. */
export const bootstrapText = lines.join(' ');

/** The command line that starts the kept shell, as sent to the login shell. */
export const bootstrapCommand = `sh -c '${bootstrapText}'`;

/** What a request asks of the kept shell. */
export type Verb = 'run' | 'load' | 'pipe';

/** The bytes that ask the kept shell to run a program. */
export function request(verb: Verb, nonce: string, program: Sh): Buffer {
  const text = Buffer.from(`${program.text}#${nonce}`, 'utf8');
  return Buffer.concat([Buffer.from(`${nonce} ${verb} ${text.length}\n`, 'latin1'), text]);
}

/** The bytes that ask the kept shell to send a signal to the program that runs now (to itself, not its children). */
export function stopRequest(nonce: string, signal: 'TERM' | 'KILL' = 'TERM'): Buffer {
  return Buffer.from(`${nonce} stop ${signal}\n`, 'latin1');
}

/** A name for one program's frames that cannot be guessed: 32 hexadecimal digits. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}
