import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type BaseAgent, type ParsedKey, type PublicKeyEntry } from 'ssh2';
import { HealError } from '../core/errors.ts';
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

/**
 * Finds the keys of a login: the one given, or else the agent's and then the default files. Files are read and parsed
 * once, however many hosts there are: the keys of an encrypted file cost 0.3 to 1.8 s of bcrypt each time.
 */
export function identityFinder({ home, agentSocket }: KeySources): (file: string | undefined) => Promise<Identities> {
  const files = new Map<string, Promise<ParsedKey>>();
  const agent = agentSocket ? ssh2.createAgent(agentSocket) : undefined;
  let held: Promise<readonly Identity[] | undefined> | undefined;

  const fromFile = (file: string): Promise<ParsedKey> => {
    const parsed = files.get(file) ?? readKey(file);
    files.set(file, parsed);
    return parsed;
  };
  const fromAgent = (): Promise<readonly Identity[] | undefined> => {
    held ??= agent === undefined ? Promise.resolve([]) : agentKeys(agent);
    return held;
  };

  return async (given) => {
    if (given !== undefined) {
      try {
        return { usable: [{ label: given, key: await fromFile(given), agent: undefined }], remarks: [] };
      } catch (error) {
        // An encrypted key is of use if the agent holds it opened.
        const identity = await inAgent(given, (await fromAgent()) ?? []);
        if (identity === undefined) throw error;
        return { usable: [identity], remarks: [] };
      }
    }
    const remarks: string[] = [];
    const usable = [...((await fromAgent()) ?? [])];
    if ((await fromAgent()) === undefined) remarks.push(`the agent at ${agentSocket} does not answer`);
    for (const name of defaultNames) {
      const file = join(home, '.ssh', name);
      try {
        const key = await fromFile(file);
        if (!usable.some((other) => other.key.getPublicSSH().equals(key.getPublicSSH()))) {
          usable.push({ label: file, key, agent: undefined });
        }
      } catch (error) {
        // A default that is not there is nothing to speak of.
        const missing = error instanceof HealError && codeOf(error.cause) === 'ENOENT';
        if (!missing && error instanceof Error) remarks.push(error.message);
      }
    }
    return { usable, remarks };
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

/** Undefined if the agent does not answer. */
function agentKeys(agent: BaseAgent): Promise<readonly Identity[] | undefined> {
  return new Promise((resolve) => {
    agent.getIdentities((error, keys) => {
      if (error) return resolve(undefined);
      const found: Identity[] = [];
      for (const offered of keys ?? []) {
        // Types that ssh2 does not know (sk-*, certificates) cannot be parsed and are left out.
        const key = ssh2.utils.parseKey(bare(offered));
        const parsed = Array.isArray(key) ? key[0] : key;
        if (parsed === undefined || parsed instanceof Error) continue;
        found.push({ label: `the agent's ${parsed.comment || parsed.type}`, key: parsed, agent });
      }
      resolve(found);
    });
  });
}

/** An agent offers its keys as they are, or with more beside them, at one depth or two. */
function bare(offered: string | Buffer | ParsedKey | PublicKeyEntry): string | Buffer | ParsedKey {
  if (typeof offered === 'string' || Buffer.isBuffer(offered) || !('pubKey' in offered)) return offered;
  const { pubKey } = offered;
  return typeof pubKey === 'object' && 'pubKey' in pubKey ? pubKey.pubKey : pubKey;
}

/** The agent's key that belongs to a private key file, which its `.pub` file tells. */
async function inAgent(file: string, held: readonly Identity[]): Promise<Identity | undefined> {
  if (held.length === 0) return undefined;
  const text = await readFile(`${file}.pub`).catch(() => undefined);
  const parsed = text === undefined ? undefined : ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error) return undefined;
  return held.find((identity) => identity.key.getPublicSSH().equals(key.getPublicSSH()));
}
