import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import type { Place } from '../../core/place.ts';
import { Secret } from '../../core/secret.ts';
import { usage } from '../yaml/problems.ts';
import type { Node, SecretNode } from '../yaml/yaml-file.ts';

/** The sources of secrets. */
export interface SecretRoots {
  /** Base of relative paths of `!secret-file`. */
  readonly project: string;
  /** The directory that replaces `~`. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The secrets that a project's files name. A missing one is an error only for the task that uses it. */
export interface SecretStore {
  /** Reads all secrets below a node. */
  readonly prepare: (node: Node | undefined) => Promise<void>;
  /** Throws a usage error that names the variable or file if it does not exist. */
  readonly valueOf: (node: SecretNode) => Secret;
  /** All secrets that were found: the mask must know them. */
  readonly all: () => readonly Secret[];
}

/** A store that reads the environment and files. */
export function secretStore(roots: SecretRoots): SecretStore {
  const found = new Map<string, Secret | string>();
  const keyOf = (node: SecretNode): string => `${node.from} ${node.name}`;

  const read = async (node: SecretNode): Promise<Secret | string> => {
    if (node.name === '') return `!secret-${node.from} needs a name`;
    if (node.from === 'env') {
      const value = roots.env[node.name];
      return value === undefined ? `the environment variable ${node.name} is not set` : new Secret(value);
    }
    const path = expandPath(node.name, roots.home, roots.project);
    try {
      // An editor ends the file with a line end, which is not part of a token.
      return new Secret((await readFile(path, 'utf8')).replace(/\r?\n$/, ''));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      return code === 'ENOENT' ? `there is no file ${path}` : `can't read ${path}: ${code}`;
    }
  };

  const prepare = async (node: Node | undefined): Promise<void> => {
    for (const secret of secretsBelow(node)) {
      const key = keyOf(secret);
      if (!found.has(key)) found.set(key, await read(secret));
    }
  };

  return {
    prepare,
    valueOf: (node) => {
      const value = found.get(keyOf(node));
      if (value instanceof Secret) return value;
      throw usage(value ?? `the secret ${node.name} was not read`, node.at, hintFor(node, node.at));
    },
    all: () => [...found.values()].filter((value) => value instanceof Secret),
  };
}

/** A local path as users write it: `~/x`, `~\x`, absolute (of Windows as well), or relative to `base`. */
export function expandPath(path: string, home: string, base: string): string {
  if (path === '~') return home;
  if (path.startsWith('~/') || path.startsWith('~\\')) return join(home, path.slice(2));
  if (isAbsolute(path) || /^[A-Za-z]:[\\/]/.test(path) || path.startsWith('\\\\')) return path;
  return resolve(base, path);
}

function hintFor(node: SecretNode, at: Place): string {
  return node.from === 'env'
    ? `set ${node.name || 'it'} before you run heal, or change the value in ${at.file}`
    : `create the file, or change the path in ${at.file}`;
}

function* secretsBelow(node: Node | undefined): Generator<SecretNode> {
  if (node?.kind === 'secret') yield node;
  else if (node?.kind === 'list') for (const item of node.items) yield* secretsBelow(item);
  else if (node?.kind === 'map') for (const entry of node.entries) yield* secretsBelow(entry.value);
}
