import { bootHost } from './host.ts';
import { type Lab, type OpenOptions, openLab } from './open-lab.ts';
import { type HostWish, outfit, start } from './outfit.ts';
import { readyMachine } from './ready-machine.ts';

export type { Lab } from './open-lab.ts';

/** Which hosts to boot, and how far they are. What is said here holds for each host that does not say otherwise. */
export type LabOptions = OpenOptions &
  Omit<HostWish, 'name'> & {
    /** Names, or wishes where one differs; default one host, `host1`. */
    hosts?: readonly (string | HostWish)[];
  };

/** Boots hosts, all at once, and answers when one can log in to each; see {@link openLab} for how it ends.
 * @throws Error in one sentence when this machine cannot boot hosts */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { hosts = ['host1'], internet, detached, ...common } = options;
  const wishes = hosts.map((host) => ({ ...common, ...(typeof host === 'string' ? { name: host } : host) }));
  await readyMachine();
  // What must be built first is built before the lab exists, one after the other.
  const outfits = [];
  for (const wish of wishes) outfits.push(await outfit(wish));
  const lab = await openLab({ internet: internet ?? false, detached: detached ?? false });
  try {
    await Promise.all(outfits.map((host) => bootHost(lab, host)));
    lab.hosts.sort((a, b) => wishes.findIndex((w) => w.name === a.name) - wishes.findIndex((w) => w.name === b.name));
    await Promise.all(wishes.map((wish) => start(lab.host(wish.name), wish)));
    return lab;
  } catch (error) {
    lab.stop();
    throw error;
  }
}
