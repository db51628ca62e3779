import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Ends workers whose test blocks: their own clock stands still, so this process keeps the time. Answers how to stop. */
export function watchWorkers(): () => void {
  const directory = watchDirectory();
  // vitest calls this once per project.
  if (existsSync(directory)) return () => {};
  mkdirSync(directory);
  const limitMs = Number(process.env['HEAL_BLOCKED_MS'] ?? 100_000);
  const timer = setInterval(() => {
    for (const pid of list(directory)) {
      try {
        const file = join(directory, pid);
        if (Date.now() - statSync(file).mtimeMs < limitMs) continue;
        const doing = readFileSync(file, 'utf8');
        // It ended without taking its file away, and its number may be somebody else's by now.
        if (parentOf(Number(pid)) !== process.pid) {
          rmSync(file, { force: true });
          continue;
        }
        process.stderr.write(`\nBLOCKED for ${limitMs / 1000} s, so its worker ${pid} was ended: ${doing}\n`);
        rmSync(file, { force: true });
        for (const one of [...below(Number(pid)), Number(pid)]) process.kill(one, 'SIGKILL');
      } catch {
        // It ended meanwhile.
      }
    }
  }, 1000);
  timer.unref();
  return () => {
    clearInterval(timer);
    rmSync(directory, { recursive: true, force: true });
  };
}

/** Where workers say what they do now: in the directory of the run, which is the one for temporary files. */
export function watchDirectory(): string {
  return join(tmpdir(), 'watch');
}

/** Undefined when there is no such process. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name stands in parentheses and may hold spaces and parentheses itself.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** All that a process started and that is still its own, deepest first. */
function below(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const children = text.split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [...below(child), child]);
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
