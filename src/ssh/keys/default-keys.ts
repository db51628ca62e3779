import { join } from 'node:path';

/** The default keys of a home directory, in the order in which they are tried. */
export function defaultKeys(home: string): readonly string[] {
  return ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(home, '.ssh', name));
}
