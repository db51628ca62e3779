import type { Prediction } from '../core/change.ts';
import type { Question } from '../core/probe.ts';
import { overlaps, type Scope } from '../core/scope.ts';
import type { State } from '../core/state.ts';

/**
 * What a host has answered so far, and how old each answer is. Each State carries the host's epoch, the count of
 * changes attempted when it was read; one that a later change may have altered is not given out again.
 *
 * In check mode changes are not made but laid over the answers: what a change predicts is answered as predicted, what
 * it touches without predicting it is `unknown` from there on.
 */
export interface AnswerBook {
  /** The State, if it was asked and no change since may have altered it. */
  readonly fresh: (question: Question<unknown>) => State<unknown> | undefined;
  /** The State last read, however old: good enough to guess what will change next, never to decide. */
  readonly last: (question: Question<unknown>) => State<unknown> | undefined;
  readonly put: (question: Question<unknown>, state: State<unknown>) => void;
  /** Records that a change was attempted. */
  readonly attempt: (touches: readonly Scope[]) => void;
  /** Check mode: records that a change would be made. */
  readonly predict: (title: string, touches: readonly Scope[], predictions: readonly Prediction[]) => void;
  /** Makes an answer old, so that it is asked again (`until`, settling). */
  readonly forget: (question: Question<unknown>) => void;
  /** Changes attempted so far. */
  readonly epoch: () => number;
}

interface Attempt {
  readonly touches: readonly Scope[];
  /** Only in check mode. */
  readonly planned?: { readonly title: string; readonly predictions: ReadonlyMap<string, State<unknown>> };
}

interface Answer {
  readonly state: State<unknown>;
  readonly epoch: number;
}

/** An empty book for one host. */
export function answerBook(): AnswerBook {
  const answers = new Map<string, Answer>();
  const attempts: Attempt[] = [];

  const fresh = (question: Question<unknown>): State<unknown> | undefined => {
    const answer = answers.get(question.key);
    let state = answer?.state;
    for (let epoch = answer?.epoch ?? 0; epoch < attempts.length; epoch += 1) {
      const attempt = attempts[epoch];
      if (attempt === undefined) continue;
      const predicted = attempt.planned?.predictions.get(question.key);
      if (predicted !== undefined) state = predicted;
      else if (overlaps(attempt.touches, question.scopes)) {
        if (attempt.planned === undefined) return undefined;
        state = { kind: 'unknown', why: `it depends on "${attempt.planned.title}"` };
      }
    }
    return state;
  };

  return {
    fresh,
    last: (question) => fresh(question) ?? answers.get(question.key)?.state,
    // In check mode nothing is ever changed, so whatever is asked, and whenever, describes the host before the plan.
    put: (question, state) => {
      const epoch = attempts.some((attempt) => attempt.planned) ? 0 : attempts.length;
      answers.set(question.key, { state, epoch });
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
    },
    forget: (question) => {
      answers.delete(question.key);
    },
    epoch: () => attempts.length,
  };
}
