import type { Evaluated } from '../../core/playbook.ts';

/** Thrown inside an evaluation that needs a value which is not known yet; never leaves this directory. */
export class Pending extends Error {
  override readonly name = 'Pending';
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    super(`pending: ${names.join(', ')}`);
    this.names = names;
  }
}

/** Runs an evaluation; a Pending that it throws becomes its outcome. */
export function evaluated<T>(work: () => T): Evaluated<T> {
  try {
    return { kind: 'value', value: work() };
  } catch (error) {
    if (error instanceof Pending) return { kind: 'pending', names: error.names };
    throw error;
  }
}
