import { readdirSync } from 'node:fs';

const pipes = String.raw`\\.\pipe`;
const openSsh = 'openssh-ssh-agent';

/**
 * The named pipe of the user's agent on Windows: OpenSSH's, or else Pageant's. Pageant (PuTTY 0.75 and later) speaks the same
 * protocol on `pageant.USER.HASH`, whose hash no other program can compute (`agent_named_pipe_name` in PuTTY's windows/utils),
 * so the pipe is found by its name.
 *
 * @param user Name of the Windows user. Names of pipes are compared without case.
 * @param list Lists the names of all pipes.
 */
export function windowsAgent(user: string, list: () => readonly string[] = () => readdirSync(`${pipes}\\`)): string {
  const own = `pageant.${user}.`.toLowerCase();
  const names = namesOf(list);
  const pageant = names.find((name) => name.toLowerCase().startsWith(own));
  const found = names.includes(openSsh) ? openSsh : (pageant ?? openSsh);
  return `${pipes}\\${found}`;
}

function namesOf(list: () => readonly string[]): readonly string[] {
  try {
    return list();
  } catch {
    // Then only the fixed name can be tried.
    return [];
  }
}
