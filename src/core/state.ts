/**
 * The typed answer to a Question. `denied` never counts as `absent`: a path without permission to read it may exist.
 * Only a plan creates `unknown`: an earlier Change touches this and does not predict it.
 */
export type State<V> =
  | { readonly kind: 'present'; readonly value: V }
  | { readonly kind: 'absent' }
  | { readonly kind: 'denied'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string }
  | { readonly kind: 'timeout'; readonly seconds: number }
  | { readonly kind: 'unknown'; readonly why: string };

/** Exists, with these values. */
export function present<V>(value: V): State<V> {
  return { kind: 'present', value };
}

/** Certainly does not exist. */
export const absent: State<never> = { kind: 'absent' };

/** Says in one line why a State contains no answer; undefined if it does. */
export function trouble(state: State<unknown>): string | undefined {
  switch (state.kind) {
    case 'present':
    case 'absent':
      return undefined;
    case 'denied':
      return `permission denied: ${state.why}`;
    case 'unavailable':
      return state.why;
    case 'timeout':
      return `no answer within ${state.seconds} s`;
    case 'unknown':
      return `not known before the change: ${state.why}`;
  }
}
