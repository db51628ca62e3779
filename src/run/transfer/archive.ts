import type { DatabaseCopy } from '../../backups/manifest.ts';
import { type BackupOf, newBackup, type PackReport } from '../../backups/new-backup.ts';
import { bytesText } from '../../core/amounts.ts';
import type { Act } from '../../core/change.ts';
import type { Connection } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { asUser } from '../../shell/as-user.ts';

/** The registered result of a backup, and the message reported with its task. */
export interface Archived {
  readonly result: JsonObject;
  readonly message: string;
}

/**
 * Streams a backup of the host to the control node, which keeps it if it is complete and can be read back.
 *
 * @param timeout seconds; undefined waits without limit
 * @throws HealError if it is not kept: connection lost, tar failed, the archive is damaged, a file does not parse
 */
export async function archive(
  connection: Connection,
  act: Extract<Act, { kind: 'archive' }>,
  {
    signal,
    timeout,
    user,
    count,
  }: {
    readonly signal: AbortSignal;
    readonly timeout: number | undefined;
    readonly user?: string | undefined;
    /** Called with the number of bytes that have arrived since the last call. */
    readonly count?: (bytes: number) => void;
  },
): Promise<Archived> {
  const of: BackupOf = { host: connection.host, about: act.about, parses: act.parses };
  const backup = await newBackup(act.to, of);
  const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000);
  const either = late === undefined ? signal : AbortSignal.any([signal, late]);
  let report: PackReport;
  try {
    const { code, stderr } = await connection.channel(asUser(user, act.pack), undefined, either, async (chunk) => {
      await backup.write(chunk);
      count?.(chunk.length);
    });
    const words = stderr.toString('utf8');
    const found = reportOf(words);
    if (code !== 0 || found === undefined) {
      const why = words.trim().split('\n').at(-1);
      throw new HealError('failed', `no backup was kept: ${why || 'connection lost'}`);
    }
    report = found;
  } catch (error) {
    await backup.discard();
    if (late?.aborted !== true || signal.aborted) throw error;
    throw new HealError('failed', `no backup was kept: it took longer than ${timeout} s`, { cause: error });
  }
  const { name, manifest } = await backup.keep(report);
  const files = manifest.members.filter(({ type }) => type === 'file').length;
  const plain = manifest.databases.filter(({ how }) => how === 'plain').length;
  const notes = [
    `${files} ${files === 1 ? 'file' : 'files'}, ${bytesText(manifest.archive.size)}`,
    ...(plain === 0
      ? []
      : [plain === 1 ? '1 database copied as a plain file' : `${plain} databases copied as plain files`]),
    ...(manifest.warnings.length === 0
      ? []
      : [`${manifest.warnings.length} ${manifest.warnings.length === 1 ? 'warning' : 'warnings'} in its manifest`]),
  ];
  return {
    result: {
      path: `${act.shownTo}/${name}`,
      sha256: manifest.archive.sha256,
      size: manifest.archive.size,
      files,
      databases: manifest.databases.map(({ path, how }) => ({ path, how })),
      warnings: [...manifest.warnings],
    },
    message: `${act.shownTo}/${name}: ${notes.join(', ')}`,
  };
}

/** Reads the report of src/modules/archives/backup-script.ts; undefined if it is not complete. */
function reportOf(stderr: string): PackReport | undefined {
  const start = stderr.lastIndexOf('heal-backup 1\n');
  const lines = start < 0 ? [] : stderr.slice(start).trimEnd().split('\n').slice(1);
  if (lines.at(-1) !== 'end') return undefined;
  const values = (word: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const code = Number.parseInt(values('tar')[0] ?? '', 10);
  const sha256 = values('sha256')[0];
  if (Number.isNaN(code) || sha256 === undefined) return undefined;
  const databases = values('database').flatMap((line): DatabaseCopy[] => {
    const [how = '', ...path] = line.split(' ');
    if (how !== 'sqlite3' && how !== 'python3' && how !== 'node' && how !== 'plain') return [];
    return [{ how, path: path.join(' ').replaceAll('\x01', '\n') }];
  });
  return { code, sha256, databases, warnings: values('warning') };
}
