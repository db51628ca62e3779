import { type ErrorDetails, HealError, HealErrors } from '../../core/errors.ts';
import type { Place } from '../../core/place.ts';

/** Collects the errors of the files in one pass, so that a user can fix all of them together. */
export interface Problems {
  readonly add: (message: string, at: Place | undefined, hint?: string) => void;
  /** Runs `work`; a HealError that it throws is kept and undefined returned. */
  readonly attempt: <T>(work: () => T) => T | undefined;
  /** Throws nothing, the one HealError, or all of them as HealErrors, in the order of the files. */
  readonly throwIfAny: () => void;
}

/** An empty collection. */
export function collectProblems(): Problems {
  const found: HealError[] = [];
  const seen = new Set<string>();
  const push = (error: HealError): void => {
    // A role that is used twice, or a variable that many tasks use, must not repeat its error.
    const key = JSON.stringify([error.message, error.at?.file, error.at?.line, error.at?.column]);
    if (seen.has(key)) return;
    seen.add(key);
    found.push(error);
  };
  return {
    add: (message, at, hint) => push(usage(message, at, hint)),
    attempt: (work) => {
      try {
        return work();
      } catch (error) {
        if (error instanceof HealErrors) for (const one of error.errors) push(one);
        else if (error instanceof HealError) push(error);
        else throw error;
        return undefined;
      }
    },
    throwIfAny: () => {
      const [first, ...rest] = inFileOrder(found);
      if (first === undefined) return;
      throw rest.length === 0 ? first : new HealErrors([first, ...rest]);
    },
  };
}

/** Files in the order of their first error, and from top to bottom in each. */
function inFileOrder(errors: readonly HealError[]): HealError[] {
  const files = [...new Set(errors.map((error) => error.at?.file))];
  const rank = (error: HealError): number => files.indexOf(error.at?.file);
  const line = (error: HealError): number => (error.at?.line ?? 0) * 10_000 + (error.at?.column ?? 0);
  return [...errors].sort((a, b) => rank(a) - rank(b) || line(a) - line(b));
}

/** An error in the user's files: exit code 5. */
export function usage(message: string, at?: Place, hint?: string, cause?: unknown): HealError {
  const details: { -readonly [K in keyof ErrorDetails]: ErrorDetails[K] } = {};
  if (at !== undefined) details.at = at;
  if (hint !== undefined) details.hint = hint;
  if (cause !== undefined) details.cause = cause;
  return new HealError('usage', message, details);
}
