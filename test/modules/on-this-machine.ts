import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Change } from '../../src/core/change.ts';
import type { Facts } from '../../src/core/facts.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Answers, Decision, Input, Module, Reads } from '../../src/core/module.ts';
import type { Sh } from '../../src/core/sh.ts';
import { type State, trouble } from '../../src/core/state.ts';
import { receiveText } from '../../src/run/transfer/upload.ts';
import { library } from '../../src/shell/library.ts';
import { joinSh, sh } from '../../src/shell/sh.ts';
import { runSync } from '../child.ts';
import { ask } from './ask.ts';
import { type Shell, start } from './shell-program.ts';

/**
 * Runs the real scripts of probes and Changes on this machine, as the engine would on a host: under dash with
 * coreutils, and under busybox ash with nothing but its applets to be found.
 */
export { ask, type Shell };

const directories: string[] = [];
/** A directory that is removed when the test file has ended, if it still exists. */
function directoryOf(prefix: string): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  directories.push(directory);
  return directory;
}
afterAll(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  applets = undefined;
});

let applets: string | undefined;

/** The shells that this machine has; with a sentence on what is missing for each that it lacks. */
export function shells(): readonly (Shell & { readonly missing?: string })[] {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path));
  if (busybox !== undefined && applets === undefined) {
    applets = directoryOf('heal-applets-');
    // Programs are also run as other users.
    chmodSync(applets, 0o755);
    runSync(busybox, ['--install', '-s', applets]);
  }
  const dash = existsSync('/usr/bin/dash') && existsSync('/usr/bin/stat');
  return [
    {
      name: 'dash with coreutils',
      sh: '/usr/bin/dash',
      path: '/usr/bin:/bin',
      ...(dash ? {} : { missing: 'no dash' }),
    },
    {
      name: 'busybox alone',
      sh: join(applets ?? '', 'sh'),
      path: applets ?? '',
      ...(busybox === undefined ? { missing: 'no busybox' } : {}),
    },
  ];
}

/** A directory of one test, removed by the test that made it. */
export function scratch(): string {
  return directoryOf('heal-modules-');
}

export const factsHere: Facts = {
  hostname: 'here', user: 'root', uid: process.getuid?.() ?? 0, home: '/root', shell: '/bin/sh', kernel: '', arch: '',
  time: 1_700_000_000, boot_id: '', init: 'systemd',
  os: { id: 'debian', family: 'debian', name: 'Debian', version: '12', codename: 'bookworm' },
  memory: { total_mb: 1, available_mb: 1 }, disk: { total_mb: 1, available_mb: 1, used_percent: 1 }, cpus: 1,
  systemd: { running: false, version: 0 }, docker: { present: false, socket: false }, commands: {},
}; // biome-ignore format: a table

/** What a module is given besides its arguments. */
export function inputOf(more: Partial<Input> = {}): Input {
  return { facts: factsHere, account: {}, locals: {}, conditions: [], checkMode: false, ...more };
}

/** How an act ended. */
export interface Applied {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes a Change as the engine does: library, guards, script, in a session of its own. `meanwhile` is called after an upload. */
export function apply(
  shell: Shell,
  change: Change,
  states: ReadonlyMap<string, State<unknown>>,
  meanwhile: () => void = () => {},
): Applied {
  const guards = (change.expects ?? []).flatMap((question) => {
    const state = states.get(question.key);
    const guard = state === undefined ? undefined : question.probe.guard?.(question.params as never, state);
    return guard === undefined ? [] : [joinSh([sh`{`, guard, sh`} || moved`], '\n')];
  });
  const before: Sh[] = shell.functions === undefined ? [] : [shell.functions];
  if (change.act.kind === 'upload') {
    const { near, content } = change.act;
    const receive = receiveText(near, content.sha256);
    const got = start(shell, [shell.sh, '-c', receive.text], content.bytes ?? Buffer.alloc(0));
    if (got.code !== 0) return { code: got.code ?? 137, stdout: '', stderr: got.stderr.toString() };
    before.push(sh`CONTENT=${got.stdout.toString()}`, sh`trap '[ -z "$CONTENT" ] || discard' EXIT`);
    meanwhile();
  }
  const moved = sh`moved() { echo moved >&2; exit 97; }`;
  const script = joinSh([sh`{`, ...before, library, moved, ...guards, change.act.script, sh`} </dev/null`], '\n');
  // attemptSync gives it a session of its own.
  const done = start(shell, [shell.sh, '-s'], script);
  return { code: done.code ?? 137, stdout: done.stdout.toString(), stderr: done.stderr.toString() };
}

/** What a module decided, on what it was told. */
export interface Decided {
  readonly decision: Decision;
  readonly answers: Answers<Reads>;
  readonly states: ReadonlyMap<string, State<unknown>>;
}

/**
 * Asks what a module requires, in at most three rounds, and lets it decide. `before` is what was answered before its changes,
 * `asked` what has been asked since.
 */
export function decide(
  shell: Shell,
  module: Module,
  args: JsonObject,
  input: Input,
  before?: Answers<Reads>,
  asked?: ReadonlyMap<string, State<unknown>>,
): Decided {
  const states = new Map<string, State<unknown>>(asked);
  let reads: Reads = {};
  for (let round = 0; round < 4; round++) {
    reads = module.reads(args, (question) => answered(states.get(question.key)) as never, input);
    const open = Object.values(reads).flatMap((one) => (one === undefined || states.has(one.key) ? [] : [one]));
    if (open.length === 0) break;
    if (round === 3) throw new Error(`${module.name} asks more than three times`);
    for (const [key, state] of ask(shell, open)) states.set(key, state);
  }
  const answers: Record<string, unknown> = {};
  for (const [name, question] of Object.entries(reads)) {
    const state = question === undefined ? undefined : states.get(question.key);
    const why = state === undefined ? undefined : trouble(state);
    if (why !== undefined) return { decision: { changes: [], failed: why }, answers: {}, states };
    if (state?.kind === 'present') answers[name] = state.value;
  }
  const typed = answers as Answers<Reads>;
  return { decision: module.plan(args, typed, input, before), answers: typed, states };
}

/** What came of a task: what was decided at first, how each Change went, and what was decided afterwards. */
export interface Converged {
  readonly first: Decision;
  readonly applied: readonly Applied[];
  readonly after: Decision;
  /** Predictions with what was asked afterwards, for those that predicted it. */
  readonly predicted: readonly { readonly predicted: unknown; readonly asked: unknown }[];
}

/** Asks, decides, applies, asks again and decides again. `meanwhile` is called once it was decided. */
export function converge(
  shell: Shell,
  module: Module,
  args: JsonObject,
  more: Partial<Input> = {},
  meanwhile: () => void = () => {},
): Converged {
  const input = inputOf(more);
  const first = decide(shell, module, args, input);
  meanwhile();
  const applied: Applied[] = [];
  for (const change of first.decision.changes) {
    const one = apply(shell, change, first.states);
    applied.push(one);
    if (one.code !== 0) break;
  }
  // Of several about the same thing the last one counts, as in a plan.
  const predicted = first.decision.changes.flatMap((change) => change.predicts ?? []);
  const predictions = [...new Map(predicted.map((one) => [one.question.key, one])).values()];
  const asked = ask(
    shell,
    predictions.map(({ question }) => question),
  );
  const after = decide(shell, module, args, input, first.answers, asked);
  return {
    first: first.decision,
    applied,
    after: after.decision,
    predicted: predictions.map(({ question, state }) => ({
      predicted: stable(state),
      asked: stable(asked.get(question.key)),
    })),
  };
}

/** Without what no plan can predict. */
function stable(state: State<unknown> | undefined): unknown {
  const value = answered(state);
  if (value === undefined || value === null || typeof value !== 'object') return state;
  const { stamp: _stamp, run: _run, ...rest } = value as { stamp?: unknown; run?: unknown };
  return { kind: 'present', value: rest };
}

function answered(state: State<unknown> | undefined): unknown {
  return state?.kind === 'present' ? state.value : undefined;
}
