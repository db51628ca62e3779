import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { HealError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { World } from './world.ts';

/** Whether there is a terminal on which a user can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Asks the user on the terminal, on standard error.
 *
 * @returns the answer, without spaces around it
 * @throws HealError of kind `interrupted` on Ctrl-C, Ctrl-D, or when the run is interrupted
 */
export async function ask(question: string, { interrupt }: World): Promise<string> {
  return (await read(question, process.stderr, interrupt.signal, () => undefined)).trim();
}

/**
 * Asks for a password or a passphrase, which the terminal does not show and which is masked in all output.
 *
 * @throws HealError of kind `interrupted` on Ctrl-C, Ctrl-D, or when the run is interrupted
 */
export async function askSecret(question: string, world: World): Promise<Secret> {
  // readline echoes the input, so its output is discarded.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    const secret = new Secret(await read('', nowhere, world.interrupt.signal, () => world.err(question)));
    world.hide([secret]);
    return secret;
  } finally {
    world.err('\n');
  }
}

/** `begin` is called when the terminal has stopped showing the input. */
async function read(
  question: string,
  output: NodeJS.WritableStream,
  signal: AbortSignal,
  begin: () => void,
): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  begin();
  const ended = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(new HealError('interrupted', 'interrupted'));
    lines.once('SIGINT', stop).once('close', stop);
  });
  ended.catch(() => {});
  try {
    return await Promise.race([lines.question(question, { signal }), ended]);
  } catch {
    throw new HealError('interrupted', 'interrupted');
  } finally {
    lines.close();
  }
}
