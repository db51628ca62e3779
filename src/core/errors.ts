import type { Place } from './place.ts';

/**
 * What kind of thing went wrong; the exit code follows from it (Ansible's: 1 error, 2 a host failed, 4 a host was
 * unreachable, 5 wrong usage or files, 99 interrupted, 250 a bug of ours).
 */
export type ErrorKind = 'error' | 'failed' | 'unreachable' | 'usage' | 'interrupted';

/** Extras of a HealError. `hint` is one sentence that says what to do. */
export interface ErrorDetails {
  readonly hint?: string;
  readonly at?: Place;
  readonly cause?: unknown;
}

/**
 * An error that a user is meant to read: lower case, no final period, one hint, and where it is. Anything thrown that
 * is not one is a bug of ours and ends with exit code 250.
 */
export class HealError extends Error {
  override readonly name = 'HealError';
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly at: Place | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.hint = details.hint;
    this.at = details.at;
  }
}

/** Exit code of each kind, as `ansible-playbook` has them. */
export const exitCodes: Readonly<Record<ErrorKind, number>> = {
  error: 1,
  failed: 2,
  unreachable: 4,
  usage: 5,
  interrupted: 99,
};

/** Several errors found in one pass, so that a user mends them all at once. */
export class HealErrors extends Error {
  override readonly name = 'HealErrors';
  readonly errors: readonly HealError[];

  constructor(errors: readonly HealError[]) {
    super(errors.map((error) => error.message).join('; '));
    this.errors = errors;
  }
}
