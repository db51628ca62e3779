import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The installed package: its directory, which contains heal's own content, and its version. */
export interface Package {
  /** Absolute. */
  readonly directory: string;
  readonly version: string;
}

/** Searches upwards from this file: it runs as dist/heal.js, as a chunk below it, and unbundled from src/cli. */
export function findPackage(from: string = fileURLToPath(import.meta.url)): Package {
  for (let directory = dirname(from); ; directory = dirname(directory)) {
    const version = versionIn(join(directory, 'package.json'));
    if (version !== undefined) return { directory, version };
    if (dirname(directory) === directory) throw new Error(`no package.json of heal above ${from}`);
  }
}

function versionIn(file: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('name' in parsed) || parsed.name !== 'heal')
      return undefined;
    return 'version' in parsed && typeof parsed.version === 'string' ? parsed.version : '0.0.0';
  } catch {
    return undefined;
  }
}
