import type { Prediction } from '../../core/change.ts';
import type { Question } from '../../core/probe.ts';
import { overlaps, type Scope } from '../../core/scope.ts';
import type { State } from '../../core/state.ts';

/**
 * The answers of a host so far, and the age of each answer. Each State carries the host's epoch, the count of
 * changes attempted when it was read; a State that a later change may have altered is not returned again.
 *
 * A change that is only planned (check mode, `check_mode: true`) overrides the answers: a state that it predicts is returned as
 * predicted, a state that it touches without a prediction is `unknown` from there on.
 */
export interface StateCache {
  /** The State, if it was asked and no later change may have altered it. */
  readonly fresh: (question: Question<unknown>) => State<unknown> | undefined;
  /** The last State, of any age: good enough to guess what will change next, never to decide. */
  readonly last: (question: Question<unknown>) => State<unknown> | undefined;
  readonly put: (question: Question<unknown>, state: State<unknown>) => void;
  /** Records that a change was attempted. */
  readonly attempt: (touches: readonly Scope[]) => void;
  /** Records that a change would be applied. */
  readonly predict: (title: string, touches: readonly Scope[], predictions: readonly Prediction[]) => void;
  /** Marks an answer as outdated, so that it is asked again (`until`, settling). */
  readonly forget: (question: Question<unknown>) => void;
  /** Changes attempted so far. */
  readonly epoch: () => number;
}

interface Attempt {
  readonly touches: readonly Scope[];
  /** Only for a change that is not applied. */
  readonly planned?: { readonly title: string; readonly predictions: ReadonlyMap<string, State<unknown>> };
}

interface Answer {
  readonly state: State<unknown>;
  readonly epoch: number;
}

/** An empty cache for one host. */
export function stateCache(): StateCache {
  const answers = new Map<string, Answer>();
  const attempts: Attempt[] = [];
  let anyPlanned = false;

  const fresh = (question: Question<unknown>): State<unknown> | undefined => {
    const answer = answers.get(question.key);
    const read = answer?.epoch ?? 0;
    let state = answer?.state;
    // A planned change overrides every answer, also a later one: the change is not on the host.
    for (let epoch = anyPlanned ? 0 : read; epoch < attempts.length; epoch += 1) {
      const attempt = attempts[epoch];
      if (attempt === undefined || (attempt.planned === undefined && epoch < read)) continue;
      const predicted = attempt.planned?.predictions.get(question.key);
      if (predicted !== undefined) state = predicted;
      else if (overlaps(attempt.touches, question.scopes)) {
        if (attempt.planned === undefined) return undefined;
        state = { kind: 'unknown', why: `known after apply: depends on "${attempt.planned.title}"` };
      }
    }
    return state;
  };

  return {
    fresh,
    last: (question) => fresh(question) ?? answers.get(question.key)?.state,
    put: (question, state) => {
      answers.set(question.key, { state, epoch: attempts.length });
    },
    attempt: (touches) => {
      attempts.push({ touches });
    },
    predict: (title, touches, predictions) => {
      const certain = predictions.filter(
        ({ question, where }) => where === undefined || fresh(question)?.kind === where,
      );
      const byKey = new Map(certain.map(({ question, state }) => [question.key, state]));
      attempts.push({ touches, planned: { title, predictions: byKey } });
      anyPlanned = true;
    },
    forget: (question) => {
      answers.delete(question.key);
    },
    epoch: () => attempts.length,
  };
}
