import type { Place } from './place.ts';

/**
 * The kind of an error; it determines the exit code (Ansible's: 1 error, 2 a host failed, 4 a host was
 * unreachable, 5 wrong usage or files, 99 interrupted, 250 a bug of ours).
 */
export type ErrorKind = 'error' | 'failed' | 'unreachable' | 'usage' | 'interrupted';

/** Further fields of a HealError. `hint` is one sentence that says what to do. */
export interface ErrorDetails {
  readonly hint?: string;
  readonly at?: Place;
  readonly cause?: unknown;
}

/**
 * An error for users: lower case, no final period, one hint, and its location. Any other thrown value
 * is a bug of ours and ends with exit code 250.
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

/** Exit code of each kind, as in `ansible-playbook`. */
export const exitCodes: Readonly<Record<ErrorKind, number>> = {
  error: 1,
  failed: 2,
  unreachable: 4,
  usage: 5,
  interrupted: 99,
};

/** Several errors found in one pass, so that a user can fix them all at once. */
export class HealErrors extends Error {
  override readonly name = 'HealErrors';
  readonly errors: readonly HealError[];

  constructor(errors: readonly HealError[]) {
    super(errors.map((error) => error.message).join('; '));
    this.errors = errors;
  }
}
