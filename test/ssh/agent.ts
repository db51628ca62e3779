import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { runSync, startChild } from '../child.ts';

/** A real ssh-agent that holds these keys. */
export function startAgent(directory: string, keys: readonly string[]): { readonly socket: string; stop(): void } {
  const socket = join(mkdtempSync(join(directory, 'agent-')), 'socket');
  const agent = startChild('ssh-agent', ['-D', '-a', socket]);
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < 6000 && !existsSync(socket); i++) Atomics.wait(wait, 0, 0, 10);
  for (const key of keys) runSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return { socket, stop: () => void agent.stop() };
}
