import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateDirectory } from './settings.ts';

/** `openclaw backup create [--output PATH] [--verify] [--json]`: one archive of the state directory.
 *
 * As the real one it leaves out the session transcripts as volatile, and says so only in `skipped`. */
export function backup(options: Map<string, string>): number {
  const createdAt = new Date().toISOString();
  const name = `${createdAt.replace('Z', '+00:00').replaceAll(':', '-')}-openclaw-backup`;
  const wanted = options.get('output') ?? '.';
  const isDirectory = existsSync(wanted) && statSync(wanted).isDirectory();
  const archivePath = isDirectory ? join(wanted, `${name}.tar.gz`) : wanted;
  const state = stateDirectory();
  const skipped = [
    ...(existsSync(join(state, 'tmp')) ? [entry('managed state', join(state, 'tmp'), 'regenerable')] : []),
    ...transcripts(state).map((path) => entry('entry', path, 'volatile')),
  ];
  const archiveRoot = `${name}/payload/posix${state}`;
  const done = spawnSync('tar', [
    ...['-czf', archivePath, `--transform=s,^${state.slice(1)},${archiveRoot},`, '-C', '/'],
    ...skipped.map(({ sourcePath }) => `--exclude=${sourcePath.slice(1)}`),
    state.slice(1),
  ]);
  if (done.status !== 0) {
    console.error(`Backup failed: ${done.stderr}`);
    return 1;
  }
  spawnSync('chmod', ['0600', archivePath]);
  const assets = [{ kind: 'state', sourcePath: state, displayPath: '~/.openclaw', archivePath: archiveRoot }];
  const verified = options.has('verify');
  const answer = {
    createdAt,
    archiveRoot: name,
    archivePath,
    dryRun: false,
    includeWorkspace: true,
    onlyConfig: false,
  };
  if (options.has('json')) console.log(JSON.stringify({ ...answer, verified, assets, skipped }, null, 2));
  else writeFileSync(1, `Backup written: ${archivePath}\n`);
  return 0;
}

function entry(kind: string, sourcePath: string, reason: string) {
  return { kind, sourcePath, displayPath: sourcePath, reason };
}

function transcripts(state: string): string[] {
  const agents = join(state, 'agents');
  const names = existsSync(agents) ? readdirSync(agents) : [];
  return names.flatMap((agent) => {
    const directory = join(agents, agent, 'sessions');
    const files = existsSync(directory) ? readdirSync(directory) : [];
    return files.filter((file) => file.endsWith('.jsonl')).map((file) => join(directory, file));
  });
}
