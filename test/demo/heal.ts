import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { asset } from '../lab/places.ts';
import type { Screen } from './screen.ts';

/** How a command ended, and what it printed, without colours. */
export interface Finished {
  readonly code: number;
  readonly text: string;
}

const launcher = asset('..', '..', 'bin', 'heal.js');

/**
 * Runs the built command in a project and shows what it prints. On a terminal it gets a terminal of its own, by
 * script(1), which every Debian has: it then draws its progress, as it does for a person, and its output is still read.
 */
export async function runHeal(args: readonly string[], cwd: string, shown: Screen): Promise<Finished> {
  if (!shown.live) return await piped(args, cwd, shown);
  const directory = mkdtempSync(join(tmpdir(), 'heal-demo-log-'));
  try {
    const log = join(directory, 'log');
    const line = [process.execPath, launcher, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const child = spawn('script', ['-q', '-e', '-c', line, log], { cwd, stdio: 'inherit' });
    return { code: await ended(child), text: clean(readFileSync(log, 'utf8')) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function piped(args: readonly string[], cwd: string, shown: Screen): Promise<Finished> {
  const env = shown.colour ? { ...process.env, FORCE_COLOR: '1' } : process.env;
  const child = spawn(process.execPath, [launcher, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      shown.write(chunk);
    });
  }
  const code = await ended(child);
  return { code, text: clean(text) };
}

/** Its exit code. It does not outlive this process. */
function ended(child: ChildProcess): Promise<number> {
  const kill = (): void => {
    child.kill();
  };
  process.once('exit', kill);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('exit', kill);
      resolve(code ?? 1);
    });
  });
}

function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\r', '\n');
}
