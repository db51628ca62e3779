import type { Json, JsonObject } from '../../core/json.ts';
import type { Value } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import { isList } from '../../project/variables/value.ts';

/**
 * Arguments as modules expect them. Each secret in them is passed to `hide`: a value that a helper computed from a secret
 * (`{{ base64 token }}`) is known to no mask yet, and may appear in a title or a diff.
 */
export function revealed(args: { readonly [key: string]: Value }, hide: (secret: Secret) => void): JsonObject {
  const plain = (value: Value): Json => {
    if (value instanceof Secret) {
      hide(value);
      return value.reveal();
    }
    if (typeof value !== 'object' || value === null) return value;
    return isList(value) ? value.map(plain) : revealed(value, hide);
  };
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, plain(value)]));
}

/** Whether a secret is anywhere in a value. */
export function holdsSecret(value: Value): boolean {
  if (value instanceof Secret) return true;
  if (typeof value !== 'object' || value === null) return false;
  return (isList(value) ? value : Object.values(value)).some(holdsSecret);
}
