import { appendFile, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Login } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import { codeOf, place } from '../faults.ts';
import {
  fingerprint,
  hasExactly,
  hostKeyAlgorithms,
  judge,
  type KnownHost,
  keyType,
  knownHostLine,
  knownName,
  parseKnownHosts,
  type Verdict,
} from './known-hosts.ts';

/** What is needed to check a host's key while a login waits for it: all of it is read before. */
export interface HostKeyCheck {
  /** For ssh2's `algorithms.serverHostKey`. */
  readonly algorithms: readonly string[];
  /** Whether a known_hosts file has a key under exactly this name and port. */
  readonly isOnFile: boolean;
  verdict(key: Buffer): Verdict['is'];
  /** The error that refuses this key, or undefined if the key is accepted. */
  refuse(key: Buffer): HealError | undefined;
  /** Whether a key was accepted, with checking off, that is revoked or differs from the one on file. */
  isSuspect(): boolean;
  /** Adds the accepted key of a host that was unknown to the file. To be called when the host has proven that it has the key. */
  remember(): Promise<void>;
}

/**
 * Reads the known_hosts file for one login.
 *
 * @throws HealError of kind `usage` if the file exists and cannot be read.
 */
export async function hostKeyCheck(login: Login): Promise<HostKeyCheck> {
  const { knownHostsFile: file, moreKnownHostsFiles: more = [] } = login;
  const { address, port } = knownAs(login);
  // With checking off, the files are only used to protect the password.
  const files = login.hostKeyChecking === 'off' && login.password === undefined ? [] : [file, ...more];
  const entries = (await Promise.all(files.map(readKnownHosts))).flat();
  let accepted: Buffer | undefined;
  let added: Buffer | undefined;
  let suspect = false;
  return {
    algorithms: hostKeyAlgorithms(entries, address, port),
    isOnFile: hasExactly(entries, address, port),
    verdict: (key) => judge(entries, address, port, key).is,
    refuse(key) {
      const verdict = judge(entries, address, port, key);
      suspect = verdict.is === 'changed' || verdict.is === 'revoked';
      if (login.hostKeyChecking === 'off') return undefined;
      if (verdict.is === 'known') return undefined;
      if (verdict.is === 'unknown') {
        if (login.hostKeyChecking === 'strict') return unknownKey(login, key);
        // A second attempt at the login finds the key that the first one added.
        if (added?.equals(key) !== true) accepted = key;
        return undefined;
      }
      return verdict.is === 'changed' ? changedKey(login, key, verdict.entry) : revokedKey(login, key, verdict.entry);
    },
    isSuspect: () => suspect,
    async remember() {
      if (accepted === undefined) return;
      const line = knownHostLine(address, port, accepted, login.hashKnownHosts);
      added = accepted;
      accepted = undefined;
      await append(file, line);
    },
  };
}

/** Name and port under which a host is looked up: an alias is used without a port (HostKeyAlias in ssh_config(5)). */
export function knownAs({ address, port, hostKeyAlias }: Login): { readonly address: string; readonly port: number } {
  return hostKeyAlias === undefined ? { address, port } : { address: hostKeyAlias, port: 22 };
}

async function readKnownHosts(file: string): Promise<readonly KnownHost[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new HealError('usage', `cannot read the known hosts in ${file}`, {
      hint: 'known_hosts_file in the inventory says which file is read',
      cause: error,
    });
  }
}

async function append(file: string, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, (await endsMidLine(file)) ? `\n${line}` : line, { mode: 0o600 });
}

async function endsMidLine(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { size } = await handle.stat();
    if (size === 0) return false;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== 10;
  } finally {
    await handle.close();
  }
}

function unknownKey(login: Login, key: Buffer): HealError {
  const { address, port, knownHostsFile: file } = login;
  const type = keyType(key);
  const known = knownAs(login);
  const as = login.hostKeyAlias === undefined ? '' : ` as ${login.hostKeyAlias}`;
  const short = type.replace(/^ssh-/, '').replace(/^ecdsa-.*/, 'ecdsa');
  // ssh-keyscan does not support jump hosts, commands or aliases.
  const scan =
    login.jump === undefined && login.proxyCommand === undefined && login.hostKeyAlias === undefined
      ? `ssh-keyscan -t ${short} -p ${port} ${address} >> ${file}`
      : `echo '${knownHostLine(known.address, known.port, key).trim()}' >> ${file}`;
  return new HealError(
    'unreachable',
    `the host key of ${place(address, port)} is unknown: ${type} ${fingerprint(key)} is not in ${file}${as}`,
    {
      hint: `compare that fingerprint with the host's own, then run: ${scan} (or set host_key_checking: accept-new)`,
    },
  );
}

function changedKey(login: Login, key: Buffer, entry: KnownHost): HealError {
  const { file, line } = entry.place;
  const known = knownAs(login);
  return new HealError(
    'unreachable',
    `the host key of ${place(login.address, login.port)} has changed: it showed ${keyType(key)} ${fingerprint(key)}, ` +
      `but ${file}:${line} has ${entry.type} ${fingerprint(entry.key)}`,
    {
      hint:
        'this may be a man-in-the-middle attack; only if you know that the host was reinstalled, ' +
        `run: ssh-keygen -R '${knownName(known.address, known.port)}' -f ${file}`,
      at: entry.place,
    },
  );
}

function revokedKey(login: Login, key: Buffer, entry: KnownHost): HealError {
  const { file, line } = entry.place;
  return new HealError(
    'unreachable',
    `the host key of ${place(login.address, login.port)} is revoked: ` +
      `${keyType(key)} ${fingerprint(key)} is marked @revoked in ${file}:${line}`,
    {
      hint: 'generate a new host key on the host; anyone who has the revoked key can impersonate the host',
      at: entry.place,
    },
  );
}
