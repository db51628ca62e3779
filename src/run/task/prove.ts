import { evaluateOn } from '../host/evaluate-on.ts';
import { exchange } from '../host/exchange.ts';
import { type HostRun, questionsOf } from '../host/host-run.ts';
import type { TaskEvaluation } from './evaluate-task.ts';
import type { Ended } from './outcome.ts';
import { pause } from './pause.ts';
import type { Decided, TaskTurn } from './task-turn.ts';

/** Asks until the module requires no more changes, for as long as its Changes may take to settle. */
export async function prove(run: HostRun, turn: TaskTurn, decided: Decided): Promise<Ended> {
  const { changes } = decided.decision;
  // A module that changes nothing has waited for a condition.
  const status = turn.instance.module.readonly ? 'ok' : 'changed';
  if (changes.every((change) => change.proven === false)) return { status };
  const { signal, now } = run.settings;
  const until = now() + 1000 * Math.max(0, ...changes.map((change) => change.settles ?? 0));
  for (let wait = 50; ; wait = Math.min(1000, wait * 2)) {
    const proof = await evaluateOn(run, turn.instance, turn.waitsFor, { before: decided.answers });
    if (proof.kind === 'asks') {
      const { answers } = await exchange(run.connection, { acts: [] }, proof.questions, signal);
      for (const [question, state] of answers) run.cache.put(question, state);
      continue;
    }
    if (proof.kind === 'decided' && proof.decision.failed === undefined && proof.decision.changes.length === 0) {
      run.kept.push({ instance: turn.instance, prepared: proof.prepared, before: decided.answers });
      return {
        status,
        ...(proof.decision.message === undefined ? {} : { message: proof.decision.message }),
      };
    }
    if (now() >= until) return notConverged(proof);
    await pause(wait, signal);
    for (const question of questionsOf(decided.prepared.reads)) run.cache.forget(question);
  }
}

function notConverged(proof: TaskEvaluation): Ended {
  if (proof.kind === 'decided') {
    const { failed, hint, changes } = proof.decision;
    const differences = changes.map((change) => change.title).join(', ');
    return {
      status: 'failed',
      message: failed ?? `applied, but the host still differs: ${differences}`,
      ...(hint === undefined ? {} : { hint }),
    };
  }
  if (proof.kind === 'failed') return { status: 'failed', message: proof.message };
  return { status: 'failed', message: 'applied, but the result could not be read' };
}
