import { HealError } from '../../src/core/errors.ts';

/** The error that an attempt is refused with; it fails if it is not refused. */
export async function refusal(attempt: Promise<unknown>): Promise<HealError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof HealError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
