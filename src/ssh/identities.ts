import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';
import type { Login } from '../core/connection.ts';
import { HealError } from '../core/errors.ts';
import { agentKeys } from './agent-keys.ts';
import { codeOf } from './faults.ts';

/** One key to log in with. */
export interface Identity {
  /** For messages: which key this is. */
  readonly label: string;
  /** A private key, or the public half of one that the agent holds. */
  readonly key: ParsedKey;
  readonly agent: BaseAgent | undefined;
}

/** The keys for a login, in the order in which they are tried, and what is to be said of those that cannot be. */
export interface Identities {
  readonly usable: readonly Identity[];
  readonly remarks: readonly string[];
}

/** Where keys come from. */
export interface KeySources {
  /** The user's home folder: an absolute local path. */
  readonly home: string;
  /** SSH_AUTH_SOCK, or a named pipe of Windows; undefined: there is no agent. */
  readonly agentSocket: string | undefined;
}

const defaultNames = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Which keys a login may use. */
export type KeyChoice = Pick<Login, 'identityFile' | 'identityFiles' | 'identitiesOnly' | 'agent'>;

/**
 * Finds the keys of a login: the one given, or else the agent's and then the files (`pubkey_prepare` in OpenSSH's
 * sshconnect2.c has this order). Files are read and parsed once, however many hosts there are: the keys of an encrypted
 * file cost 0.3 to 1.8 s of bcrypt each time.
 */
export function identityFinder({ home, agentSocket }: KeySources): (choice: KeyChoice) => Promise<Identities> {
  const files = new Map<string, Promise<ParsedKey>>();
  const agents = new Map<string, Promise<readonly Identity[] | undefined>>();
  const defaults = defaultNames.map((name) => join(home, '.ssh', name));

  const fromFile = (file: string): Promise<ParsedKey> => {
    const parsed = files.get(file) ?? readKey(file);
    files.set(file, parsed);
    return parsed;
  };
  const fromAgent = (socket: string | undefined): Promise<readonly Identity[] | undefined> => {
    if (!socket) return Promise.resolve([]);
    const held = agents.get(socket) ?? heldBy(ssh2.createAgent(socket));
    agents.set(socket, held);
    return held;
  };

  return async ({ identityFile: given, identityFiles = defaults, identitiesOnly, agent }) => {
    const socket = agent === undefined ? agentSocket : agent === 'none' ? undefined : agent.socket;
    if (given !== undefined) {
      try {
        return { usable: [{ label: given, key: await fromFile(given), agent: undefined }], remarks: [] };
      } catch (error) {
        // An encrypted key is of use if the agent holds it opened.
        const key = await publicKey(`${given}.pub`);
        const identity = key === undefined ? undefined : holderOf(key, (await fromAgent(socket)) ?? []);
        if (identity === undefined) throw error;
        return { usable: [identity], remarks: [] };
      }
    }
    const remarks: string[] = [];
    const held = await fromAgent(socket);
    if (held === undefined) remarks.push(`the agent at ${socket} does not answer`);
    const named = new Set<Identity>();
    const own: Identity[] = [];
    for (const file of identityFiles) {
      let key: ParsedKey | undefined;
      try {
        key = await fromFile(file);
      } catch (error) {
        const known = (await publicKey(`${file}.pub`)) ?? (await publicKey(file));
        const identity = known === undefined ? undefined : holderOf(known, held ?? []);
        if (identity !== undefined) named.add(identity);
        // A file that does not exist is passed over in silence, as in OpenSSH.
        const missing = error instanceof HealError && codeOf(error.cause) === 'ENOENT';
        if (identity === undefined && !missing && error instanceof Error) remarks.push(error.message);
        continue;
      }
      const identity = holderOf(key, held ?? []);
      if (identity !== undefined) named.add(identity);
      else if (holderOf(key, own) === undefined) own.push({ label: file, key, agent: undefined });
    }
    const others = identitiesOnly === true ? [] : (held ?? []).filter((identity) => !named.has(identity));
    return { usable: [...(held ?? []).filter((identity) => named.has(identity)), ...others, ...own], remarks };
  };
}

/**
 * A private key from a file.
 *
 * @throws HealError of kind `usage` that says what is wrong with it.
 */
async function readKey(file: string): Promise<ParsedKey> {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT';
    throw new HealError('usage', missing ? `there is no key file ${file}` : `cannot read the key file ${file}`, {
      hint: missing
        ? 'identity_file says which key is used'
        : 'check that it is a regular file and that you have read permission',
      cause: error,
    });
  }
  const parsed = ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error) throw badKey(file, text.toString('latin1'), key?.message ?? 'no key');
  if (!key.isPrivateKey()) {
    throw new HealError('usage', `${file} holds a public key`, { hint: 'identity_file names the private one' });
  }
  return key;
}

function badKey(file: string, text: string, reason: string): HealError {
  const refuse = (what: string, hint: string) => new HealError('usage', `${file} ${what}`, { hint });
  const toOpenSsh = `ssh-keygen -p -f ${file} writes it anew in the format of OpenSSH`;
  // The type stands in the clear before the private half, encrypted or not.
  const decoded = Buffer.from(text.replaceAll(/-----.*-----/g, ''), 'base64').toString('latin1');
  const type = /sk-[a-z0-9-]+@openssh\.com/.exec(decoded)?.[0];
  if (type !== undefined) {
    return refuse(`is a key of type ${type}, which is not supported`, 'use an ed25519, ecdsa or rsa key');
  }
  if (/Encrypted|passphrase/i.test(reason)) {
    return refuse('is encrypted, and heal cannot ask for its passphrase yet', `open it for the agent: ssh-add ${file}`);
  }
  if (text.startsWith('PuTTY-User-Key-File-')) {
    return refuse('is a key of PuTTY in a format that is not supported', 'puttygen: Conversions, Export OpenSSH key');
  }
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
    return refuse('is a PKCS#8 key, which is not supported', toOpenSsh);
  }
  return refuse(`holds no private key that can be read: ${reason}`, 'is this the right file?');
}

async function heldBy(agent: BaseAgent): Promise<readonly Identity[] | undefined> {
  const keys = await agentKeys(agent);
  return keys?.map((key) => ({ label: `the agent's ${key.comment || key.type}`, key, agent }));
}

/** A public key from a file, if there is one. */
async function publicKey(file: string): Promise<ParsedKey | undefined> {
  const text = await readFile(file).catch(() => undefined);
  const parsed = text === undefined ? undefined : ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key === undefined || key instanceof Error ? undefined : key;
}

/** The one of some identities that has this key. */
function holderOf(key: ParsedKey, identities: readonly Identity[]): Identity | undefined {
  return identities.find((identity) => identity.key.getPublicSSH().equals(key.getPublicSSH()));
}
