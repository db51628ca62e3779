/**
 * The readable parts of an encrypted private key file without its passphrase. ssh2 is not needed for it: a run whose keys are
 * not encrypted does not wait for that library.
 */

/** The start of the container; its format is in OpenSSH's PROTOCOL.key. */
const magic = 'openssh-key-v1\0';

/** Whether a private key file is encrypted, in a format that can be read once its passphrase is known. */
export function isEncryptedKey(text: string): boolean {
  // PEM (RFC 1421, 4.6.1.1), and version 2 of PuTTY's format.
  if (/^-----BEGIN (RSA|DSA|EC) PRIVATE KEY-----\r?\nProc-Type: 4,ENCRYPTED/.test(text.trimStart())) return true;
  if (text.startsWith('PuTTY-User-Key-File-2')) return !/^Encryption: none\r?$/m.test(text);
  const container = containerOf(text);
  return container !== undefined && container.cipher !== 'none' && !container.type.startsWith('sk-');
}

/** The public half of an encrypted key in OpenSSH's format, as a line of a public key file. */
export function publicLine(text: string): string | undefined {
  const container = containerOf(text);
  return container === undefined ? undefined : `${container.type} ${container.publicKey.toString('base64')}`;
}

/** The fields before the private half: cipher, key derivation and its options, a count, the public key. */
function containerOf(text: string): { cipher: string; type: string; publicKey: Buffer } | undefined {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  if (base64 === undefined) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined;
  try {
    const cipher = stringAt(bytes, magic.length);
    const derivation = stringAt(bytes, cipher.end);
    const options = stringAt(bytes, derivation.end);
    const publicKey = stringAt(bytes, options.end + 4);
    const type = stringAt(publicKey.value, 0);
    return {
      cipher: cipher.value.toString('latin1'),
      type: type.value.toString('latin1'),
      publicKey: publicKey.value,
    };
  } catch {
    // The data ends too early.
    return undefined;
  }
}

/** A string of SSH: its length in four bytes, then its bytes (RFC 4251, 5). */
function stringAt(bytes: Buffer, at: number): { readonly value: Buffer; readonly end: number } {
  const end = at + 4 + bytes.readUInt32BE(at);
  if (end > bytes.length) throw new RangeError('too short');
  return { value: bytes.subarray(at + 4, end), end };
}
