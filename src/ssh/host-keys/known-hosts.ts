import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Place } from '../../core/place.ts';
import { matchesList } from '../config/pattern.ts';

/** One line of a known_hosts file that names a host (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  readonly place: Place;
  readonly marker: 'revoked' | undefined;
  /** The first field: patterns separated by commas, or one hashed name. */
  readonly names: string;
  /** As written in the file: `ssh-ed25519`, `ssh-rsa`. */
  readonly type: string;
  readonly key: Buffer;
}

/** The result of comparing a host's key with the file. */
export type Verdict =
  | { readonly is: 'known' }
  | { readonly is: 'unknown' }
  /** Another key is on file, at this entry. */
  | { readonly is: 'changed'; readonly entry: KnownHost }
  | { readonly is: 'revoked'; readonly entry: KnownHost };

/**
 * The usable lines of a known_hosts file. Comments, empty and broken lines are left out, and so are
 * `@cert-authority` lines: ssh2 does not support host certificates.
 */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  const entries: KnownHost[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
    const [names, type, base64] = fields;
    if (names === undefined || names.startsWith('#') || type === undefined || base64 === undefined) continue;
    if (marker !== undefined && marker !== '@revoked') continue;
    const key = Buffer.from(base64, 'base64');
    if (keyType(key) !== type) continue;
    const place = { file, line: i + 1, column: 1, text: line };
    entries.push({ place, marker: marker === undefined ? undefined : 'revoked', names, type, key });
  }
  return entries;
}

/** How known_hosts names a host: `host`, or `[host]:port` if the port is not 22. */
export function knownName(address: string, port: number): string {
  return port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`;
}

/** The lines that apply to a host. A line with only the name applies to its other ports too, as in OpenSSH. */
export function entriesFor(entries: readonly KnownHost[], address: string, port: number): readonly KnownHost[] {
  const own = exactly(entries, address, port);
  return port === 22 || own.some((entry) => entry.marker === undefined)
    ? own
    : [...own, ...exactly(entries, address, 22)];
}

/**
 * Checks the key that a host sent. A host that is on file only with another type of key counts as changed, not as
 * unknown: otherwise an attacker in between would only have to offer a type that is not on file.
 */
export function judge(entries: readonly KnownHost[], address: string, port: number, key: Buffer): Verdict {
  const own = entriesFor(entries, address, port);
  const revoked = own.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
  if (revoked !== undefined) return { is: 'revoked', entry: revoked };
  const trusted = own.filter((entry) => entry.marker === undefined);
  if (trusted.some((entry) => entry.key.equals(key))) return { is: 'known' };
  // A known key of another port confirms this host, but a different one is not evidence against it.
  const exact = exactly(trusted, address, port);
  const entry = exact.find((other) => other.type === keyType(key)) ?? exact[0];
  return entry === undefined ? { is: 'unknown' } : { is: 'changed', entry };
}

/** Whether the file has a key of a host under its own port. */
export function hasExactly(entries: readonly KnownHost[], address: string, port: number): boolean {
  return exactly(entries, address, port).some((entry) => entry.marker === undefined);
}

function exactly(entries: readonly KnownHost[], address: string, port: number): readonly KnownHost[] {
  return entries.filter((entry) => matches(entry.names, knownName(address, port)));
}

/**
 * Signature algorithms to offer for host keys: first those whose keys are on file, else a known host looks unknown. Among
 * them the order is OpenSSH's, not that of the file (`order_hostkeyalgs` in its sshconnect2.c).
 */
export function hostKeyAlgorithms(entries: readonly KnownHost[], address: string, port: number): readonly string[] {
  const onFile = entriesFor(entries, address, port)
    .filter((entry) => entry.marker === undefined)
    .flatMap((entry) => algorithmsOf(entry.type));
  return [
    ...allAlgorithms.filter((one) => onFile.includes(one)),
    ...allAlgorithms.filter((one) => !onFile.includes(one)),
  ];
}

const ecdsa = ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'];
const allAlgorithms = ['ssh-ed25519', ...ecdsa, 'rsa-sha2-512', 'rsa-sha2-256'];

/** `ssh-rsa` is a type of key; the signatures with it that are still safe have other names (RFC 8332). */
function algorithmsOf(type: string): readonly string[] {
  if (type === 'ssh-rsa') return ['rsa-sha2-512', 'rsa-sha2-256'];
  return allAlgorithms.includes(type) ? [type] : [];
}

/** The type that is written in a public key (RFC 4253, 6.6: a string, its length first). */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length > 64 ? '' : key.toString('latin1', 4, 4 + length);
}

/** A public key's fingerprint as OpenSSH prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** A line for a new host; `hashed` hides its name, as HashKnownHosts in ssh_config(5) does. */
export function knownHostLine(address: string, port: number, key: Buffer, hashed = false): string {
  const name = knownName(address, port);
  return `${hashed ? hashedName(name) : name} ${keyType(key)} ${key.toString('base64')}\n`;
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHash(names, name);
  return matchesList(names.toLowerCase().split(','), name);
}

/** `|1|SALT|HASH`, where HASH is HMAC-SHA1 of the name with SALT as its key, both in base64. */
function matchesHash(names: string, name: string): boolean {
  const [, version, salt, hash] = names.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const wanted = Buffer.from(hash, 'base64');
  const made = hmac(Buffer.from(salt, 'base64'), name);
  return made.length === wanted.length && timingSafeEqual(made, wanted);
}

function hashedName(name: string): string {
  // As long as the hash itself (`host_hash` in OpenSSH's hostfile.c).
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${hmac(salt, name).toString('base64')}`;
}

function hmac(salt: Buffer, name: string): Buffer {
  return createHmac('sha1', salt).update(name).digest();
}
