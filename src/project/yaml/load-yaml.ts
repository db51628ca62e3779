import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HealError, HealErrors } from '../../core/errors.ts';
import type { SecretStore } from '../variables/secret-source.ts';
import type { Problems } from './problems.ts';
import { readSource, readSourceIfThere, type SourceFile } from './source-file.ts';
import { type Node, parseYaml } from './yaml-file.ts';

/** A YAML file that was read. */
export interface Yaml {
  readonly file: SourceFile;
  /** Undefined if the file is empty. */
  readonly root: Node | undefined;
  /** It is not valid YAML, which was reported: missing content need not be reported as well. */
  readonly broken?: true;
}

/** Reads YAML files and the secrets they name; each file once. */
export interface YamlLoader {
  /** Rejects with a usage error if it does not exist. */
  readonly read: (path: string) => Promise<Yaml>;
  readonly readIfThere: (path: string) => Promise<Yaml | undefined>;
  /** The first of `directory/name.yml`, `directory/name.yaml` that exists. */
  readonly named: (directory: string, name: string) => Promise<Yaml | undefined>;
}

/** Errors of a file are reported to `problems`; the file is then treated as empty. */
export function yamlLoader(project: string, secrets: SecretStore, problems: Problems): YamlLoader {
  const done = new Map<string, Promise<Yaml | undefined>>();
  const parse = async (file: SourceFile): Promise<Yaml> => {
    const read = problems.attempt(() => ({ root: parseYaml(file) }));
    await secrets.prepare(read?.root);
    return read === undefined ? { file, root: undefined, broken: true } : { file, root: read.root };
  };
  const readIfThere = (path: string): Promise<Yaml | undefined> => {
    const known = done.get(path);
    if (known !== undefined) return known;
    const reading = readSourceIfThere(path, project).then((file) => (file === undefined ? undefined : parse(file)));
    done.set(path, reading);
    return reading;
  };
  return {
    readIfThere,
    read: async (path) => (await readIfThere(path)) ?? parse(await readSource(path, project)),
    named: async (directory, name) =>
      (await readIfThere(join(directory, `${name}.yml`))) ?? readIfThere(join(directory, `${name}.yaml`)),
  };
}

/** Names of a directory's entries in order; empty if the directory does not exist. */
export async function entriesOf(directory: string): Promise<{ name: string; isDirectory: boolean }[]> {
  try {
    const found = await readdir(directory, { withFileTypes: true });
    const entries = found.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new HealError('usage', `can't list ${directory}: ${String(code)}`, { hint: 'check its permissions', cause });
  }
}

/** Awaits `work`; a HealError is reported to `problems`. */
export async function attemptAsync<T>(problems: Problems, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HealError || error instanceof HealErrors)) throw error;
    problems.attempt(() => {
      throw error;
    });
    return undefined;
  }
}
