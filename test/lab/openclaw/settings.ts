import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// The stand-in for OpenClaw: what heal's roles meet of it, and nothing else. Every text and exit code here was copied
// from the real 2026.9.6 (and its exit codes of 2026.2.9) on a lab host. It has no model, no channel and no memory.

/** How a test wants the stand-in to behave; read from /etc/openclaw-lab.json, for a unit passes no environment on. */
export type Behaviour = {
  /** `2026.2.9` leaves a bad config with 1 instead of 78, answers /healthz by a page and knows no backup or scratch. */
  version: '2026.9.6' | '2026.2.9';
  /** From the start until the port is open, milliseconds; the real one takes 9 to 15 s. */
  startMs: number;
  /** From SIGTERM to the end; the real one has taken 0.8 s, and 5 minutes while Telegram was out of reach. */
  stopMs: number;
};

export function behaviour(): Behaviour {
  const usual: Behaviour = { version: '2026.9.6', startMs: 1000, stopMs: 100 };
  try {
    return { ...usual, ...JSON.parse(readFileSync('/etc/openclaw-lab.json', 'utf8')) };
  } catch {
    return usual;
  }
}

/** What the program leaves a bad or incomplete config with. */
export function badConfigCode(): number {
  return behaviour().version === '2026.2.9' ? 1 : 78;
}

export function home(): string {
  return process.env['HOME'] ?? '/root';
}

export function stateDirectory(): string {
  return process.env['OPENCLAW_STATE_DIR'] ?? join(home(), '.openclaw');
}

export function configFile(): string {
  return process.env['OPENCLAW_CONFIG_PATH'] ?? join(stateDirectory(), 'openclaw.json');
}

/** A path as the program prints it. */
export function displayed(path: string): string {
  return path.startsWith(`${home()}/`) ? `~${path.slice(home().length)}` : path;
}
