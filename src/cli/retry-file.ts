import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Report } from '../core/event.ts';

/** The file with the hosts that failed in the last run: `.heal/retry/site.txt` of the project. */
export function retryPath(project: string, playbook: string): string {
  const name = playbook.replace(/\.ya?ml$/, '').replace(/[^\w.-]+/g, '-');
  return join(project, '.heal', 'retry', `${name.replace(/^[-.]+/, '') || 'playbook'}.txt`);
}

/**
 * Writes the names of the hosts that failed, were unreachable or unfinished after an interrupt, one a line, for `--limit @FILE`;
 * no names if all succeeded, so that no older list is used instead. Returns them; rejects if the file can't be written.
 */
export async function writeRetryFile(
  path: string,
  playbook: string,
  report: Report,
  unfinished: readonly string[] = [],
): Promise<readonly string[]> {
  const hosts = Object.entries(report).flatMap(([host, counts]) =>
    counts.failed > 0 || counts.unreachable > 0 || unfinished.includes(host) ? [host] : [],
  );
  const which = unfinished.length === 0 ? 'failed' : 'failed or did not finish';
  const about = hosts.length === 0 ? 'no host failed in' : `hosts that ${which} in`;
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, [`# ${about} the last run of ${playbook}`, ...hosts, ''].join('\n'));
  return hosts;
}

/** The line with the command that continues with them. */
export function retryHint(path: string, playbook: string, cwd: string, which = 'failed'): string {
  const near = relative(cwd, path);
  const shown = near.startsWith('..') ? path : near;
  const word = (text: string): string => (/^[\w@%+=:,./\\-]+$/.test(text) ? text : `"${text}"`);
  // PowerShell interprets a bare @.
  return `hint: heal run ${word(playbook)} --limit "@${shown}" works on the hosts that ${which}`;
}
