import { HealError } from '../../core/errors.ts';
import { count } from '../../report/duration.ts';
import type { Options } from '../options.ts';
import { transferLine } from '../transfer-line.ts';
import { withSession } from '../with-session.ts';
import type { World } from '../world.ts';

/** `heal cp SOURCE TARGET`: copies a file or a directory to or from a host; the remote side is HOST:PATH, as with scp(1). */
export async function cpCommand(options: Options, world: World): Promise<number> {
  const { target: source, second: target = '' } = options;
  const from = remoteOf(source);
  const to = remoteOf(target);
  const remote = from ?? to;
  if (remote === undefined || (from !== undefined && to !== undefined)) {
    throw new HealError(
      'usage',
      `heal cp requires one HOST:PATH, and "${source}" "${target}" has ${from === undefined ? 'none' : 'two'}`,
      {
        hint: 'for example: heal cp notes.md jack4:/root/',
      },
    );
  }
  return withSession(remote.host, options, world, async (host) => {
    const { moved, end } = transferLine(world);
    const files = await (from === undefined
      ? host.put(source, remote.path, moved)
      : host.get(remote.path, target, moved)
    ).finally(end);
    world.out(world.clean.line(`copied ${count(files, 'file')} from ${source} to ${target}`).concat('\n'));
    return 0;
  });
}

/** One letter before the colon is a drive of Windows; a path with a slash before the colon is local, as with scp(1). */
function remoteOf(given: string): { readonly host: string; readonly path: string } | undefined {
  const [, host, path = ''] = /^([^/\\:]{2,}):(.*)$/s.exec(given) ?? [];
  return host === undefined ? undefined : { host, path };
}
