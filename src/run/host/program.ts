import type { Change } from '../../core/change.ts';
import type { Account, Question } from '../../core/probe.ts';
import type { Sh } from '../../core/sh.ts';
import type { State } from '../../core/state.ts';
import { heredoc } from '../../shell/heredoc.ts';
import { library } from '../../shell/library.ts';
import { prelude } from '../../shell/prelude.ts';
import { type LockRequest, takeLock } from '../../shell/run-lock.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { type Group, parallelGroups } from './parallel-groups.ts';

/** A change as a step of a program. */
export interface ActStep {
  readonly id: string;
  /** Marks on stderr that a guard failed. Its own, because the account that makes the change can read it. */
  readonly nonce: string;
  readonly change: Change;
  readonly account: Account;
  /** Seconds; undefined waits without limit. */
  readonly timeout?: number;
  /** The states that must be unchanged when it starts. */
  readonly guards: readonly { readonly question: Question<unknown>; readonly state: State<unknown> }[];
  /** The path of its content on the host, if it was streamed. */
  readonly uploaded?: string;
  /** Notes that are written before it, and after it if it succeeded. */
  readonly before: readonly Sh[];
  readonly after: readonly Sh[];
}

/** The contents of one program, in this order: changes (the first that fails ends them), then questions. */
export interface Program {
  /** Acquired before all else; the program ends there if another run had it. */
  readonly lock?: LockRequest;
  readonly before?: readonly Sh[];
  readonly acts: readonly ActStep[];
  readonly groups: readonly Group[];
}

/** The text that is sent for a Program. */
export function programText(program: Program): Sh {
  const lock = program.lock === undefined ? [] : [takeLock(program.lock)];
  const parts: Sh[] = [...lock, prelude, ...(program.before ?? [])];
  if (program.acts.length > 0) {
    // A function, so that a failed act can skip the rest of them with `return`.
    const steps = program.acts.flatMap((step) => [...step.before, actText(step), ...step.after]);
    parts.push(sh`acts() {`, sh`:`, ...steps, sh`}`, sh`acts`);
  }
  parts.push(...parallelGroups(program.groups).map(parallelText));
  if (program.groups.length > 0) parts.push(sh`answers`);
  return lines(...parts);
}

function parallelText(groups: readonly Group[], index: number): Sh {
  const texts = groups.map((group) => {
    const script = shellOf(group.account, lines(sh`LC_ALL=C; export LC_ALL`, group.probe.ask(group.items)));
    return heredoc(sh`group ${group.id} ${group.deadline} ${group.account.user ?? ''} ${group.nonce ?? ''}`, script);
  });
  return lines(
    sh`{`,
    sh`trap 'kill -TERM "$asked"; exit 143' TERM`,
    ...texts,
    sh`} >"$W"/group${index} & groups="$groups $!"`,
  );
}

function actText(step: ActStep): Sh {
  const { change, account } = step;
  const guards = step.guards.flatMap(({ question, state }) => {
    const guard = question.probe.guard?.(question.params as never, state);
    return guard === undefined ? [] : [lines(sh`{`, guard, sh`} || moved`)];
  });
  const content =
    step.uploaded === undefined ? [] : [sh`CONTENT=${step.uploaded}`, sh`trap '[ -z "$CONTENT" ] || discard' EXIT`];
  const script = lines(...content, library, movedFunction, ...guards, change.act.script);
  const free = change.act.kind === 'program' && change.act.free === true ? 1 : 0;
  const words = sh`act ${step.id} ${free} ${step.timeout ?? 0} ${account.user ?? ''} ${step.nonce}`;
  return lines(heredoc(words, shellOf(account, script)), sh`[ "$rc" = 0 ] || return`);
}

/** Exit code of an act whose guard failed; it counts only together with the nonce on stderr. */
export const movedCode = 97;

const movedFunction: Sh = sh`moved() { printf '%s moved' "$N" >&2; exit 97; }`;

/** The script as one compound command: the shell reads all of it before it runs, so no command in it can read it from stdin. */
function shellOf(account: Account, script: Sh): Sh {
  // Quoted as an argument of `export`; the shell would run an assignment with a quoted name as a command.
  const exports = Object.entries(account.environment ?? {}).map(([name, value]) => sh`export ${name}=${value}`);
  return lines(sh`{ N=$HEAL_N; unset HEAL_N`, ...exports, script, sh`} </dev/null`);
}

function lines(...parts: readonly Sh[]): Sh {
  return joinSh(parts, '\n');
}
