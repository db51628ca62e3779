import { HealError } from '../core/errors.ts';

/** A host that could not be reached, or whose connection was lost. */
export function unreachable(message: string, hint?: string, cause?: unknown): HealError {
  return new HealError('unreachable', message, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What was running when the user, or the run, ended it. */
export function interrupted(what: string, signal: AbortSignal): HealError {
  return new HealError('interrupted', `${what} was interrupted`, { cause: signal.reason });
}

/** The code that Node gives its system errors (`ECONNREFUSED`), also if several addresses were tried. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** An address and port as shown to a user. */
export function place(address: string, port: number): string {
  return port === 22 ? address : `${address} port ${port}`;
}
