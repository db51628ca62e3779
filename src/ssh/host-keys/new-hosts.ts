import { devNull } from 'node:os';
import type { Login } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import { interrupted, place } from '../faults.ts';
import { withJumpHosts } from '../jump/with-jump-hosts.ts';
import type { FetchHostKey } from './fetch-host-key.ts';
import { type HostKeyCheck, hostKeyCheck, knownAs } from './host-key.ts';
import { fingerprint, keyType, knownName } from './known-hosts.ts';

/** A host that no known_hosts file names, and the key that it showed. */
export interface NewHost {
  readonly login: Login;
  /** Address and port as shown to a user. */
  readonly where: string;
  /** As OpenSSH prints it: `ED25519`, `RSA`. */
  readonly type: string;
  /** `SHA256:...` */
  readonly fingerprint: string;
}

/** Asks whether a new host's key is the right one. */
export type AskHostKey = (host: NewHost) => Promise<boolean>;

/** What {@link addNewHosts} needs in addition to the logins. */
export interface NewHostOptions {
  readonly fetch: FetchHostKey;
  readonly ask: AskHostKey;
  /** Hosts from which a key is fetched at the same time. */
  readonly atOnce: number;
  readonly signal: AbortSignal;
}

/**
 * Fetches the keys of the hosts that are in no known_hosts file, asks for each, and adds those that are accepted, like `ask`
 * of StrictHostKeyChecking in ssh_config(5), but for many hosts. Jump hosts come first, as the hosts that use them can only
 * then be reached. A host that sends no key is skipped: its login will report why. So is a key that is refused.
 */
export async function addNewHosts(logins: readonly Login[], options: NewHostOptions): Promise<void> {
  const { fetch, ask, atOnce, signal } = options;
  const all = await unknownHosts(withJumpHosts(logins));
  for (let depth = 0, left = all; left.length > 0; depth++) {
    const now = left.filter(({ login }) => depthOf(login) === depth);
    left = left.filter(({ login }) => depthOf(login) > depth);
    const keys = new Map<Unknown, Buffer>();
    const waiting = [...now];
    const worker = async (): Promise<void> => {
      for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
        const key = await fetch(host.login, host.check.algorithms, signal).catch(failed);
        if (key !== undefined) keys.set(host, key);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, now.length) }, worker));
    if (signal.aborted) throw interrupted('fetching host keys', signal);
    for (const host of now) {
      const key = keys.get(host);
      // The login refuses a changed or a revoked key.
      if (key === undefined || host.check.verdict(key) !== 'unknown' || host.check.refuse(key) !== undefined) continue;
      const { login } = host;
      const shown = { login, where: place(login.address, login.port), type: shortType(key) };
      if (await ask({ ...shown, fingerprint: fingerprint(key) })) await remember(host);
    }
  }
}

interface Unknown {
  readonly login: Login;
  readonly check: HostKeyCheck;
}

/** The hosts that the user may be asked about, each once. */
async function unknownHosts(logins: readonly Login[]): Promise<readonly Unknown[]> {
  const found = new Map<string, Unknown>();
  for (const login of logins) {
    // A key that cannot be saved would be unknown again at the login.
    if (login.hostKeyChecking !== 'strict' || login.askHostKey === false || login.knownHostsFile === devNull) continue;
    const { address, port } = knownAs(login);
    const key = JSON.stringify([login.knownHostsFile, knownName(address, port)]);
    if (found.has(key)) continue;
    const check = await hostKeyCheck({ ...login, hostKeyChecking: 'accept-new' });
    if (!check.isOnFile) found.set(key, { login, check });
  }
  return [...found.values()];
}

async function remember({ login, check }: Unknown): Promise<void> {
  try {
    await check.remember();
  } catch (cause) {
    throw new HealError('usage', `cannot add the key of ${login.name} to ${login.knownHostsFile}`, {
      hint: 'check that you have write permission; known_hosts_file in the inventory says which file is written',
      cause,
    });
  }
}

function depthOf({ jump }: Login): number {
  return jump === undefined ? 0 : 1 + depthOf(jump);
}

function failed(error: unknown): undefined {
  if (!(error instanceof HealError)) throw error;
  return undefined;
}

/** OpenSSH's short names of the types (`sshkey_type` in its sshkey.c). */
function shortType(key: Buffer): string {
  return keyType(key)
    .replace(/^ssh-/, '')
    .replace(/^ecdsa-.*/, 'ecdsa')
    .toUpperCase();
}
