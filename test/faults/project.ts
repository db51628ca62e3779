import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { healEntry, runHeal, type Started, startHeal, type Transcript } from '../cli/built.ts';
import type { LabHost } from '../lab/host.ts';

/** Texts by path; a link where the value says what it leads to. */
export type Files = Readonly<Record<string, string | { readonly link: string }>>;

const shipped = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The command as it ships, and a directory for the projects of one test file. */
export interface Workplace {
  /** Writes a project and answers with its directory. */
  readonly project: (files: Files) => string;
  /** Runs the command there; its output has PROJECT and HEAL for the two directories. */
  readonly heal: (
    project: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<Transcript>;
  /** Starts it there. */
  readonly start: (project: string, args: readonly string[], onOutput?: (text: string) => void) => Started;
  readonly remove: () => void;
}

/** Milliseconds: hundreds of changes on a host of the lab while other tests keep the machine busy. */
const limitMs = 240_000;

/** Makes the directory. */
export function workplace(): Workplace {
  const directory = mkdtempSync(join(tmpdir(), 'heal-faults-'));
  let count = 0;
  return {
    project: (files) => {
      count += 1;
      // A name of its own: pending handlers on a host are those of the project of this name.
      const project = join(directory, `${directory.slice(-6)}-${count}`);
      writeFiles(project, files);
      return project;
    },
    heal: async (project, args, env = {}) => {
      const options = { cwd: project, env: { HOME: project, ...env }, limitMs };
      const { code, stdout, stderr } = await runHeal(healEntry, args, options);
      const shown = (text: string): string => text.replaceAll(project, 'PROJECT').replaceAll(shipped, 'HEAL');
      return { code, stdout: shown(stdout), stderr: shown(stderr) };
    },
    start: (project, args, onOutput = () => {}) =>
      startHeal(healEntry, args, { cwd: project, env: { HOME: project }, limitMs, onOutput }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Writes files, and links, into a directory. */
export function writeFiles(directory: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof text === 'string') writeFileSync(path, text);
    else symlinkSync(text.link, path);
  }
}

/** A playbook of one play on all hosts. */
export function playOf(tasks: readonly object[], more: object = {}): string {
  return stringify([{ name: 'A play', hosts: 'all', ...more, tasks }], { lineWidth: 0 });
}

/** An inventory of lab hosts, with more variables for each. */
export function inventoryOf(
  hosts: readonly LabHost[],
  more: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): string {
  const entries = hosts.map((host) => [
    host.name,
    {
      address: host.address,
      user: host.user,
      identity_file: host.identityFile,
      known_hosts_file: host.knownHostsFile,
      ...more[host.name],
    },
  ]);
  return stringify({ all: { hosts: Object.fromEntries(entries) } }, { lineWidth: 0 });
}

/** What is told of a host beside the ends of its tasks; `waiting` only where a task takes long. */
const noOutcome = new Set(['login', 'done', 'waiting']);

/** The lines of a run that begin with a host's name, cut after the task's name: `jack4 | changed | The file`. */
export function outcomes(stdout: string): string[] {
  return stdout.split('\n').flatMap((line) => {
    const match = /^(\S+) +\| ([a-z ()]+?) +\| ([^|]+?)(?: \|.*)?$/.exec(line);
    return match === null || noOutcome.has(match[2] ?? '') ? [] : [`${match[2]}: ${match[3]}`];
  });
}

/** The counts of a host's line in the recap. */
export function recapOf(stdout: string, host: string): Record<string, number> {
  const line = stdout.split('\n').find((one) => one.startsWith(host) && / : ok=/.test(one)) ?? '';
  return Object.fromEntries([...line.matchAll(/(\w+)=(\d+)/g)].map(([, name, n]) => [name ?? '', Number(n)]));
}

/** A line for each entry of what a run may change on a host, with type, mode, owner, target and content's hash. */
export async function treeOf(host: LabHost, directories: readonly string[]): Promise<string> {
  const where = directories.map((directory) => `'${directory}'`).join(' ');
  return host.exec(
    `find ${where} -xdev -printf '%p %y %m %U %G %l\\n' | sort; ` +
      `find ${where} -xdev -type f -print0 | sort -z | xargs -0 -r sha256sum`,
  );
}
