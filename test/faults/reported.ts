import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { stringify } from 'yaml';
import { directoryWith, healEntry, runHeal, type Started, startHeal, type Transcript } from '../cli/built.ts';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { type Files, playOf, type Workplace, workplace } from './project.ts';

// Faults that were once found in heal. Their tests run nothing but the command, and use only keywords and options that heal had
// when they were found, so that HEAL_TEST_ENTRY=/path/to/that/bin/heal.js shows each of them again.

/** Why these tests cannot run here; undefined if they can. */
export const skipReason: string | undefined =
  noSshd ?? (process.getuid?.() === 0 ? undefined : 'only root can run them');

/** What differs from one play `site` of tasks on the host jack4. */
export interface Differences {
  readonly play?: object;
  /** Variables by host. */
  readonly hosts?: Readonly<Record<string, object>>;
  readonly files?: Files;
  /** Default: `run site`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which heal is killed, and its test has failed. */
  readonly limitMs?: number;
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** A server and a place for projects. */
export interface ReportedFixture {
  readonly sshd: Sshd;
  readonly project: (tasks: readonly object[], more?: Differences) => string;
  /** Runs a play of these tasks. */
  readonly run: (tasks: readonly object[], more?: Differences) => Promise<Transcript>;
  /** Runs heal in a project. */
  readonly start: (project: string, more?: Differences) => Started;
}

/** Registers them for a test file; `config` is added to the configuration of sshd. */
export function reported(config: () => readonly string[] = () => []): ReportedFixture {
  let place: Workplace;
  let sshd: Sshd;
  beforeAll(async () => {
    place = workplace();
    sshd = await startSshd(config());
  });
  afterAll(() => {
    sshd?.stop();
    place?.remove();
  });
  const project: ReportedFixture['project'] = (
    tasks,
    { play = {}, hosts = { jack4: sshd.variables }, files = {} } = {},
  ) =>
    place.project({
      'inventory/hosts.yml': stringify({ all: { hosts } }),
      'tasks/site.yml': playOf(tasks, play),
      ...files,
    });
  const start: ReportedFixture['start'] = (
    cwd,
    { args = ['run', 'site'], env = {}, limitMs = 120_000, onOutput } = {},
  ) => startHeal(healEntry, args, { cwd, env, limitMs, ...(onOutput === undefined ? {} : { onOutput }) });
  return {
    get sshd() {
      return sshd;
    },
    project,
    run: (tasks, more = {}) =>
      runHeal(healEntry, more.args ?? ['run', 'site'], { limitMs: 120_000, ...more, cwd: project(tasks, more) }),
    start,
  };
}

/**
 * The configuration of an sshd whose hosts have other files: each path, which must exist, is covered by a file with this text, or
 * by another file.
 */
export function withFiles(covered: Readonly<Record<string, string | { readonly file: string }>>): readonly string[] {
  const directory = directoryWith({});
  const mounts = Object.entries(covered).map(([path, by], n) => {
    const file = typeof by === 'string' ? join(directory, String(n)) : by.file;
    if (typeof by === 'string') writeFileSync(file, by, { mode: 0o755 });
    return `mount --bind '${file}' '${path}'\n`;
  });
  const script = join(directory, 'login');
  writeFileSync(script, `#!/bin/sh\nset -e\n${mounts.join('')}exec sh -c "$SSH_ORIGINAL_COMMAND"\n`);
  for (const path of [directory, script]) chmodSync(path, 0o755);
  return [`ForceCommand exec unshare --mount '${script}'`];
}

/** The largest resident size of a process so far, in bytes (VmHWM of proc_pid_status(5)). */
export function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
