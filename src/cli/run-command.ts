import type { Options } from './options.ts';
import type { World } from './world.ts';

export async function runCommand(_options: Options, _world: World): Promise<number> {
  return 1;
}
