import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Content } from '../core/change.ts';
import { HealError } from '../core/errors.ts';
import { chooseBackup, keptBackups, verifyBackup } from './kept-backups.ts';
import { archiveName, type Member } from './manifest.ts';

/**
 * The archive of a backup to restore on its host. It is first read back.
 *
 * @param directory absolute path; contains the backups of one host
 * @param at name of a backup, or the beginning of one; default is the newest
 * @throws HealError if it does not exist, is damaged, or a name in it points outside
 */
export async function backupContent(directory: string, at?: string): Promise<Content> {
  const host = basename(directory);
  const kept = await keptBackups(dirname(directory), (name) => name === host);
  const backup = chooseBackup(kept, directory, at);
  const { archive, about, members } = await verifyBackup(backup);
  const why = refusal(members);
  if (why !== undefined) {
    throw new HealError('failed', `${backup.path} is not restored on a host: ${why}`, {
      hint: `heal backup restore ${host} --to DIRECTORY restores the rest of it on this machine`,
    });
  }
  const names = new Set(members.map(({ path }) => bare(path)));
  const paths = Array.isArray(about['paths']) ? about['paths'].map(String) : [];
  return {
    size: archive.size,
    sha256: archive.sha256,
    open: () => createReadStream(join(backup.path, archiveName)),
    backup: { name: backup.name, paths, holds: (path) => names.has(path.slice(1)) },
  };
}

/**
 * Why root must not extract an archive: it came from a host on which other accounts can write its content. `backup` packs
 * only files, directories and links, and nothing below a link.
 */
function refusal(members: readonly Member[]): string | undefined {
  const links = new Set(members.filter(({ type }) => type === 'link').map(({ path }) => bare(path)));
  for (const { path, type, target = '' } of members) {
    const parts = bare(path).split('/');
    if (leadsOut(path) || (type === 'hard link' && leadsOut(target))) return `the name ${path} leads elsewhere`;
    if (type === 'other') return `${path} is neither file, directory nor link`;
    const above = parts.map((_, index) => parts.slice(0, index).join('/'));
    if (above.some((one) => links.has(one))) return `${path} is below a link`;
  }
  return undefined;
}

/** A name that begins with a dash is packed as `./NAME`. */
function bare(path: string): string {
  return path.replace(/^\.\//, '');
}

function leadsOut(path: string): boolean {
  return path.startsWith('/') || path.includes('\0') || path.split('/').includes('..');
}
