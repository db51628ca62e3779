import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Mask } from '../core/secret.ts';

/**
 * Writes what is known of a bug of ours to `.heal/crash-TIME.txt` in the first folder that can be written to (the
 * project's, then the system's for temporary files). Its path, or undefined where none can.
 */
export function writeCrash(error: unknown, about: readonly string[], folder: string, mask: Mask): string | undefined {
  const time = new Date().toISOString();
  const name = `crash-${time.replaceAll(':', '-').replace(/\.\d+Z$/, 'Z')}.txt`;
  // `inspect` follows causes and prints a Secret as ***.
  const text = mask([time, ...about, '', inspect(error, { depth: 4 }), ''].join('\n'));
  for (const place of [join(folder, '.heal'), join(tmpdir(), 'heal')]) {
    try {
      mkdirSync(place, { recursive: true });
      const file = join(place, name);
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    } catch {
      // The next one.
    }
  }
  return undefined;
}
