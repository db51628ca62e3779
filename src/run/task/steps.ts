import { newestSize } from '../../backups/kept-backups.ts';
import type { Act } from '../../core/change.ts';
import type { Question } from '../../core/probe.ts';
import { overlaps } from '../../core/scope.ts';
import { newNonce } from '../../shell/bootstrap.ts';
import { digestOf, type PendingHandler, recordPending } from '../handlers/pending-handlers.ts';
import type { HostRun } from '../host/host-run.ts';
import type { ActStep } from '../host/program.ts';
import { type Archived, archive } from '../transfer/archive.ts';
import { download } from '../transfer/download.ts';
import { progress, type TransferSize } from '../transfer/progress.ts';
import { upload } from '../transfer/upload.ts';
import { describe } from './task-info.ts';
import { type Decided, type Part, type TaskTurn, touchesOf } from './task-turn.ts';

/**
 * The steps that apply an instance's changes, numbered from `first`; large contents are uploaded to the host. From here on
 * the answers that the changes may alter are outdated.
 */
export async function partOf(run: HostRun, turn: TaskTurn, decided: Decided, first: number): Promise<Part> {
  const { changes } = decided.decision;
  const { timeout } = turn.instance.task;
  const { signal } = run.settings;
  const { account } = decided.prepared.input;
  const { user } = account;
  const digest = digestOf(decided.answers);
  const all: PendingHandler[] = turn.pending.map((handler) => ({ ...handler, digest }));
  const [pending, pendingElsewhere] = run.delegatedBy === undefined ? [all, []] : [[], all];
  for (const { handler } of pending) run.recordedNow.add(handler);
  const steps: ActStep[] = [];
  let archived: Archived | undefined;
  for (const [index, change] of changes.entries()) {
    const { act } = change;
    const count = progress(
      (text) =>
        run.settings.emit({
          type: 'task-start',
          host: run.host.name,
          task: describe(run, turn.instance, turn.name),
          titles: [text],
        }),
      run.settings.now,
      await sizeOf(act),
    );
    const uploaded = act.kind === 'upload' ? await upload(run.connection, act, user, signal, count) : undefined;
    if (act.kind === 'download') await download(run.connection, act, user, signal, count);
    if (act.kind === 'archive') archived = await archive(run.connection, act, { signal, timeout, user, count });
    steps.push({
      id: `c${first + index}`,
      nonce: newNonce(),
      change,
      account,
      guards: guardsOf(run, decided, index),
      before: index === 0 ? pending.map((handler) => recordPending(handler, 'intended')) : [],
      after: index === changes.length - 1 ? pending.map((handler) => recordPending(handler, 'landed')) : [],
      ...(timeout === undefined ? {} : { timeout }),
      ...(uploaded === undefined ? {} : { uploaded }),
    });
  }
  for (const change of changes) run.cache.attempt(touchesOf(change));
  return { turn, decided, steps, pendingElsewhere, ...(archived === undefined ? {} : { archived }) };
}

/** A backup is likely to be as large as the one before it. */
async function sizeOf(act: Act): Promise<TransferSize | undefined> {
  if (act.kind === 'upload') return { bytes: act.content.size };
  const bytes = act.kind === 'archive' ? await newestSize(act.to) : undefined;
  return bytes === undefined ? undefined : { bytes, estimated: true };
}

/** The states that must still equal the ones read when this change starts. */
function guardsOf(run: HostRun, { decision }: Decided, index: number): ActStep['guards'] {
  const earlier = decision.changes.slice(0, index).flatMap(touchesOf);
  return (decision.changes[index]?.expects ?? []).flatMap((question: Question<unknown>) => {
    // A state that an earlier change of the same task alters differs from the one read, as intended.
    if (overlaps(earlier, question.scopes)) return [];
    const state = run.cache.fresh(question);
    return state === undefined ? [] : [{ question, state }];
  });
}
