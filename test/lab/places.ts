import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Everything big or running lies outside the repository: a clean checkout must not bring a clean cache with it,
// and an overlay mount inside a work tree would be seen by every tool that walks it.

/** Where finished roots, Node and OpenClaw are kept between runs. */
export const cacheDirectory = process.env['HEAL_LAB_CACHE'] ?? '/var/cache/heal-lab';

/** Where each running lab has a directory: its record, its hosts' overlays, keys and consoles. */
export const labsDirectory = process.env['HEAL_LAB_STATE'] ?? '/var/lib/heal-lab';

/** A file that ships in test/lab/, also when the code runs as a bundle from dist/. */
export function asset(...path: string[]): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'heal') {
      return join(directory, 'test', 'lab', ...path);
    }
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`test/lab was not found above ${import.meta.url}`);
    directory = parent;
  }
}
