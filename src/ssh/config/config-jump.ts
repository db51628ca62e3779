import type { ProxyCommand } from '../../core/connection.ts';
import type { Place } from '../../core/place.ts';
import { configError, type Directive } from './config-line.ts';
import { expandTokens, type Tokens } from './config-tokens.ts';

/** One jump host of a ProxyJump. */
export interface Hop {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly at: Place;
}

/**
 * The jump hosts of `ProxyJump [user@]host[:port][,...]`, in the order of connection; each may be an `ssh://` URI, an
 * IPv6 address is in brackets (ssh_config(5)). Empty for `none`.
 */
export function hopsOf(line: Directive | undefined, tokens: Tokens): readonly Hop[] {
  const word = line?.words[0] ?? 'none';
  if (line === undefined || word.toLowerCase() === 'none') return [];
  const { h = '', n = '', p = '', r = '' } = tokens;
  return expandTokens(word, line.at, { h, n, p, r })
    .split(',')
    .map((text) => hopOf(text, line.at));
}

/** What OpenSSH refuses in a name since 9.6 (`valid_hostname` and `valid_ruser` in its ssh.c); DOMAIN\\user is allowed. */
const unsafe = /^-|[\s'`"$;&<>|(){}]|\\$/;

/** The command of `ProxyCommand`, its tokens expanded; undefined for `none`. */
export function commandOf(line: Directive | undefined, tokens: Tokens): ProxyCommand | undefined {
  if (line === undefined || line.rest.toLowerCase() === 'none') return undefined;
  const { h = '', n = '', p = '', r = '' } = tokens;
  for (const [token, value] of Object.entries({ h, n, r })) {
    if (!line.rest.includes(`%${token}`) || !unsafe.test(value)) continue;
    throw configError(
      `%${token} cannot be ${JSON.stringify(value)}`,
      line.at,
      'it has characters that a shell interprets',
    );
  }
  return { text: expandTokens(line.rest, line.at, { h, n, p, r }), at: line.at };
}

function hopOf(text: string, at: Place): Hop {
  // The user may contain an @, the host may not.
  const [, user, v6, name, digits] =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^@:[\]]+))(?::(\d+))?\/?$/.exec(text) ?? [];
  const host = v6 ?? name;
  const port = digits === undefined ? undefined : Number(digits);
  if (host === undefined || (port !== undefined && (port < 1 || port > 65_535))) {
    throw configError(
      `ProxyJump cannot be ${JSON.stringify(text)}`,
      at,
      'write [user@]host[:port], several with commas',
    );
  }
  return { host, user, port, at };
}
