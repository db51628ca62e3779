import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where workers say what they do now. */
export function watchFolder(name: string): string {
  return join(tmpdir(), `heal-watch-${name}`);
}

/** Ends workers whose test blocks: their own clock stands still, so this process keeps the time. Answers how to stop. */
export function watchWorkers(): () => void {
  const name = String(process.pid);
  // vitest calls this once per project.
  if (process.env['HEAL_WATCH'] === name) return () => {};
  process.env['HEAL_WATCH'] = name;
  const folder = watchFolder(name);
  const limitMs = Number(process.env['HEAL_BLOCKED_MS'] ?? 100_000);
  const timer = setInterval(() => {
    for (const pid of list(folder)) {
      try {
        const file = join(folder, pid);
        if (Date.now() - statSync(file).mtimeMs < limitMs) continue;
        const doing = readFileSync(file, 'utf8');
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
    rmSync(folder, { recursive: true, force: true });
  };
}

/** All that a process started and that is still its own, deepest first. */
function below(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const children = text.split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [...below(child), child]);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
