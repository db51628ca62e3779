import { readFile } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import { HealError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { codeOf } from '../faults.ts';
import { isEncryptedKey, publicLine } from './encrypted-key.ts';

/** A private key whose passphrase is not known. */
export class EncryptedKey extends HealError {
  constructor(file: string) {
    super('usage', `${file} is encrypted, and its passphrase was not given`, {
      hint: `open it for the agent: ssh-add ${file}`,
    });
  }
}

/**
 * A private key from a file.
 *
 * @throws EncryptedKey if it is encrypted, and no passphrase or a wrong one is given; another HealError of kind `usage`
 * with the reason if the file cannot be used.
 */
export async function readKey(file: string, passphrase?: Secret): Promise<ParsedKey> {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT';
    throw new HealError('usage', missing ? `there is no key file ${file}` : `cannot read the key file ${file}`, {
      hint: missing ? 'check identity_file' : 'check that it is a regular file and that you have read permission',
      cause: error,
    });
  }
  const parsed = ssh2.utils.parseKey(text, passphrase?.reveal());
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error) {
    const content = text.toString('latin1');
    // A wrong passphrase shows in the decrypted data: check integers of OpenSSH, padding, structure.
    if (passphrase !== undefined && isEncryptedKey(content)) throw new EncryptedKey(file);
    throw badKey(file, content, key?.message ?? 'no key');
  }

  if (!key.isPrivateKey()) {
    throw new HealError('usage', `${file} contains a public key`, { hint: 'identity_file names the private one' });
  }
  return key;
}

function badKey(file: string, text: string, reason: string): HealError {
  const refuse = (what: string, hint: string) => new HealError('usage', `${file} ${what}`, { hint });
  const toOpenSsh = `ssh-keygen -p -f ${file} rewrites it in the format of OpenSSH`;
  // The type is readable before the private half, encrypted or not.
  const decoded = Buffer.from(text.replaceAll(/-----.*-----/g, ''), 'base64').toString('latin1');
  const type = /sk-[a-z0-9-]+@openssh\.com/.exec(decoded)?.[0];
  if (type !== undefined) {
    return refuse(`is a key of type ${type}, which is not supported`, 'use an ed25519, ecdsa or rsa key');
  }
  if (/Encrypted|passphrase/i.test(reason)) return new EncryptedKey(file);
  if (text.startsWith('PuTTY-User-Key-File-')) {
    return refuse('is a key of PuTTY in a format that is not supported', 'puttygen: Conversions, Export OpenSSH key');
  }
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
    return refuse('is a PKCS#8 key, which is not supported', toOpenSsh);
  }
  return refuse(`contains no readable private key: ${reason}`, 'is this the right file?');
}

/** A public key from a file, if it has one: from a public key file, or the readable public half of an encrypted one. */
export async function publicKey(file: string): Promise<ParsedKey | undefined> {
  const text = await readFile(file, 'latin1').catch(() => undefined);
  const parsed = text === undefined ? undefined : ssh2.utils.parseKey(publicLine(text) ?? text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key === undefined || key instanceof Error ? undefined : key;
}
