import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, readConfig } from './config.ts';
import { stateDirectory } from './settings.ts';

const heartbeatId = '857c3742-b89a-4cf6-8c45-d9812b566891';
const maxBytes = 262_144;

type Scratch = { content: string; revision: number; updatedAtMs: number };

function file(): string {
  return join(stateDirectory(), 'state', 'lab-scratch.json');
}

function stored(): Scratch | null {
  try {
    return JSON.parse(readFileSync(file(), 'utf8'));
  } catch {
    return null;
  }
}

/** `openclaw cron list --json`: the heartbeat monitor alone. */
export function list(): number {
  const job = {
    id: heartbeatId,
    declarationKey: 'heartbeat:main',
    displayName: 'Heartbeat (main)',
    agentId: 'main',
    name: 'heartbeat-main',
    enabled: true,
    schedule: { kind: 'every', everyMs: everyMs() },
    sessionTarget: 'main',
    payload: { kind: 'heartbeat' },
    status: 'idle',
  };
  console.log(JSON.stringify({ jobs: [job], total: 1, offset: 0, limit: 200, hasMore: false }, null, 2));
  return 0;
}

/** `openclaw cron scratch ID [--json] [--file PATH|-] [--set TEXT] [--unset] [--expected-revision N]`. */
export function scratch(id: string, options: Map<string, string>): number {
  if (id !== heartbeatId) {
    return refuse(`Automation not found: ${id}. Run \`openclaw cron list\` to see recent automation ids.`);
  }
  const before = stored();
  const revision = before?.revision ?? 0;
  const expected = options.get('expected-revision');
  if (expected !== undefined && Number(expected) !== revision) {
    return refuse(`cron scratch changed concurrently (current revision ${revision})`);
  }
  const path = options.get('file');
  const text = path === undefined ? options.get('set') : readFileSync(path === '-' ? 0 : path, 'utf8');
  if (text === undefined && !options.has('unset')) {
    if (options.has('json'))
      console.log(JSON.stringify({ scratch: before, currentRevision: revision, maxBytes }, null, 2));
    else process.stdout.write(before?.content ?? '');
    return 0;
  }
  const after = text === undefined ? null : { content: text, revision: revision + 1, updatedAtMs: Date.now() };
  mkdirSync(join(stateDirectory(), 'state'), { recursive: true, mode: 0o700 });
  writeFileSync(file(), JSON.stringify(after), { mode: 0o600 });
  const said = { ok: true, scratch: after, currentRevision: after?.revision ?? 0, maxBytes };
  console.log(JSON.stringify(said, null, 2));
  return 0;
}

function everyMs(): number {
  const read = readConfig();
  const every = 'config' in read ? at(read.config, 'agents.defaults.heartbeat.every') : undefined;
  const [, number, unit] = /^(\d+)([smh])$/.exec(String(every ?? '30m')) ?? [];
  return Number(number ?? 30) * ({ s: 1000, m: 60_000, h: 3_600_000 }[unit ?? 'm'] ?? 60_000);
}

function refuse(message: string): number {
  console.log(JSON.stringify({ ok: false, error: { type: 'cli_error', message } }, null, 2));
  console.error(message);
  return 1;
}
