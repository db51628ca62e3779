import { resolve } from 'node:path';
import type { Place } from '../../core/place.ts';
import { configError } from './config-line.ts';

/** The values of the tokens of ssh_config(5), by their letter: `h` for `%h`. */
export type Tokens = Readonly<Record<string, string>>;

/** What a path in a config may refer to. */
export interface PathContext {
  readonly tokens: Tokens;
  readonly home: string;
  /** Base of a relative path. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Expands `%h` and the like; `%%` is a percent sign (ssh_config(5), TOKENS).
 *
 * @throws HealError of kind `usage` for a token that does not exist, or is not allowed here
 */
export function expandTokens(text: string, at: Place, tokens: Tokens): string {
  return text.replace(/%(.?)/gs, (token, letter: string) => {
    if (letter === '%') return '%';
    const value = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
    if (value !== undefined) return value;
    const known = Object.keys(tokens).map((one) => `%${one}`);
    throw configError(`the token ${token} is not supported here`, at, `supported are %% and ${known.join(', ')}`);
  });
}

/** Expands tokens and `${NAME}` (ssh_config(5), ENVIRONMENT VARIABLES) in one pass: values are not expanded again. */
export function expandText(text: string, at: Place, { tokens, env }: PathContext): string {
  return text
    .split(/(\$\{[^}]*\})/)
    .map((part, i) => (i % 2 === 0 ? expandTokens(part, at, tokens) : variable(part.slice(2, -1), at, env)))
    .join('');
}

function variable(name: string, at: Place, env: PathContext['env']): string {
  const value = env[name];
  if (value === undefined) throw configError(`the environment variable ${name} is not set`, at, `set ${name}`);
  return value;
}

/** A local path: `~/` at its start, then tokens and variables; relative to the working directory, as in OpenSSH. */
export function expandConfigPath(text: string, at: Place, context: PathContext): string {
  const { home, cwd } = context;
  if (/^~[^/\\]/.test(text)) {
    throw configError(`the home directory in ${text} is not supported`, at, 'write an absolute path, or ~/ for yours');
  }
  if (!text.startsWith('~')) return resolve(cwd, expandText(text, at, context));
  return resolve(home, `.${expandText(text.slice(1), at, context)}`);
}
