import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';
import type { Login } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import { codeOf } from '../faults.ts';
import { agentKeys } from './agent-keys.ts';
import { defaultKeys } from './default-keys.ts';
import { EncryptedKey, publicKey, readKey } from './key-file.ts';

/** One key to log in with. */
export interface Identity {
  /** Names the key in messages. */
  readonly label: string;
  /** A private key, or the public half of one that the agent has. */
  readonly key: ParsedKey;
  readonly agent: BaseAgent | undefined;
}

/** The keys for a login, in the order in which they are tried, and messages about those that cannot be used. */
export interface Identities {
  readonly usable: readonly Identity[];
  readonly remarks: readonly string[];
  /** Encrypted key files that were not opened, and whose keys no agent has. */
  readonly locked: readonly string[];
}

/** Encrypted private keys that were opened with their passphrases, by file. */
export type OpenedKeys = ReadonlyMap<string, ParsedKey>;

/** The sources of keys. */
export interface KeySources {
  /** The user's home directory: an absolute local path. */
  readonly home: string;
  /** SSH_AUTH_SOCK, or a named pipe of Windows; undefined: there is no agent. */
  readonly agentSocket: string | undefined;
  /** Default: none. */
  readonly openedKeys?: OpenedKeys;
}

/** Which keys a login may use. */
export type KeyChoice = Pick<Login, 'identityFile' | 'identityFiles' | 'identitiesOnly' | 'agent'> &
  Partial<Pick<Login, 'connectTimeout'>>;

/** Milliseconds that an agent may take to list its keys, at most half of the time of a login; it has them in memory. */
const agentLimit = 5000;

/**
 * Finds the keys of a login: the one given, or else the agent's and then the files (`pubkey_prepare` in OpenSSH's
 * sshconnect2.c has this order). Files are read and parsed once for all hosts: the keys of an encrypted
 * file cost 0.3 to 1.8 s of bcrypt each time.
 */
export function identityFinder({
  home,
  agentSocket,
  openedKeys,
}: KeySources): (choice: KeyChoice) => Promise<Identities> {
  const files = new Map<string, Promise<ParsedKey>>();
  const agents = new Map<string, Promise<readonly Identity[] | undefined>>();
  const defaults = defaultKeys(home);

  const fromFile = (file: string): Promise<ParsedKey> => {
    const opened = openedKeys?.get(file);
    if (opened !== undefined) return Promise.resolve(opened);
    const parsed = files.get(file) ?? readKey(file);
    files.set(file, parsed);
    return parsed;
  };
  const fromAgent = (socket: string | undefined, limit: number): Promise<readonly Identity[] | undefined> => {
    if (!socket) return Promise.resolve([]);
    const held = agents.get(socket) ?? heldBy(ssh2.createAgent(socket), limit);
    agents.set(socket, held);
    return held;
  };

  return async ({
    identityFile: given,
    identityFiles = defaults,
    identitiesOnly,
    agent,
    connectTimeout = Number.POSITIVE_INFINITY,
  }) => {
    const socket = agent === undefined ? agentSocket : agent === 'none' ? undefined : agent.socket;
    const limit = Math.min(agentLimit, connectTimeout * 500);
    if (given !== undefined) {
      try {
        return { usable: [{ label: given, key: await fromFile(given), agent: undefined }], remarks: [], locked: [] };
      } catch (error) {
        // An encrypted key can be used if the agent has it opened.
        const key = await publicHalf(given);
        const identity = key === undefined ? undefined : holderOf(key, (await fromAgent(socket, limit)) ?? []);
        if (identity !== undefined) return { usable: [identity], remarks: [], locked: [] };
        throw error;
      }
    }
    const remarks: string[] = [];
    const locked: string[] = [];
    const held = await fromAgent(socket, limit);
    if (held === undefined) remarks.push(`the agent at ${socket} does not answer`);
    const named = new Set<Identity>();
    const own: Identity[] = [];
    for (const file of identityFiles) {
      let key: ParsedKey | undefined;
      try {
        key = await fromFile(file);
      } catch (error) {
        const known = await publicHalf(file);
        const identity = known === undefined ? undefined : holderOf(known, held ?? []);
        if (identity !== undefined) named.add(identity);
        // A file that does not exist is skipped without a message, as in OpenSSH.
        const missing = error instanceof HealError && codeOf(error.cause) === 'ENOENT';
        if (identity === undefined && !missing && error instanceof Error) remarks.push(error.message);
        if (identity === undefined && error instanceof EncryptedKey) locked.push(file);
        continue;
      }
      const identity = holderOf(key, held ?? []);
      if (identity !== undefined) named.add(identity);
      else if (holderOf(key, own) === undefined) own.push({ label: file, key, agent: undefined });
    }
    const others = identitiesOnly === true ? [] : (held ?? []).filter((identity) => !named.has(identity));
    return { usable: [...(held ?? []).filter((identity) => named.has(identity)), ...others, ...own], remarks, locked };
  };
}

/** The public half of a key, from the .pub file next to it, or from its own file. */
async function publicHalf(file: string): Promise<ParsedKey | undefined> {
  return (await publicKey(`${file}.pub`)) ?? (await publicKey(file));
}

async function heldBy(agent: BaseAgent, limit: number): Promise<readonly Identity[] | undefined> {
  const keys = await agentKeys(agent, limit);
  return keys?.map((key) => ({ label: `the agent's ${key.comment || key.type}`, key, agent }));
}

/** The identity that has this key. */
function holderOf(key: ParsedKey, identities: readonly Identity[]): Identity | undefined {
  return identities.find((identity) => identity.key.getPublicSSH().equals(key.getPublicSSH()));
}
