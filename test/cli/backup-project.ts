import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newBackup } from '../../src/backups/new-backup.ts';
import { runSync } from '../child.ts';
import { directoryWith, healEntry, runHeal, type Transcript } from './built.ts';

/** A project with hosts and a directory of backups, and what makes one there. */
interface BackupProject {
  readonly project: string;
  readonly backups: string;
  /** Runs heal backup with these arguments. */
  readonly run: (...args: string[]) => Promise<Transcript>;
  /** Keeps a backup as `heal run backup` does, and gives its name. */
  readonly keep: (host: string, created: Date, warnings?: readonly string[]) => Promise<string>;
}

/** Makes a project of one host without backups, removed when the test file has ended. */
export function backupProject(): BackupProject {
  const project = directoryWith({ 'inventory/hosts.yml': 'vps: { hosts: { jack4: {} } }\n' });
  const backups = join(project, 'backups');
  const run = (...args: string[]) => runHeal(healEntry, ['backup', ...args], { cwd: project });

  async function keep(host: string, created: Date, warnings: readonly string[] = []): Promise<string> {
    const source = join(project, 'source');
    rmSync(source, { recursive: true, force: true });
    mkdirSync(source);
    writeFileSync(join(source, 'a'), `of ${host}`);
    writeFileSync(join(source, 'b'), Buffer.alloc(300_000, created.getTime() % 256));
    const archive = join(project, 'a.tgz');
    runSync('tar', ['-C', source, '-czf', archive, 'a', 'b']);
    const bytes = readFileSync(archive);
    const backup = await newBackup(join(backups, host), { host, about: {}, parses: [] }, created);
    await backup.write(bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { name } = await backup.keep({ code: 0, sha256, databases: [], warnings });
    return name;
  }
  return { project, backups, run, keep };
}
