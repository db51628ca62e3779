import { resolve } from 'node:path';
import type { Place } from '../../core/place.ts';
import type { Template } from '../../core/playbook.ts';
import { constant } from '../template/template.ts';
import { checkName } from '../yaml/fields.ts';
import { collectProblems, type Problems } from '../yaml/problems.ts';
import { readSource, sourceFile } from '../yaml/source-file.ts';
import { parseYaml } from '../yaml/yaml-file.ts';
import { compileLayer, type Layer } from './layer.ts';
import type { SecretStore } from './secret-source.ts';

/** No extra variables. */
export const noExtraVars: Layer = { title: '-e', vars: {} };

/**
 * Reads the values of `-e`, the last one wins: `@file.yml`, `{json: or yaml}`, or `key=value key2="a b"`, whose values are
 * strings as in Ansible. Rejects with a usage HealError.
 */
export async function loadExtraVars(
  given: readonly string[],
  project: string,
  cwd: string,
  secrets: SecretStore,
): Promise<Layer> {
  const problems = collectProblems();
  const vars: Record<string, Template> = {};
  for (const text of given) {
    const trimmed = text.trim();
    if (trimmed.startsWith('@')) {
      const file = await readSource(resolve(cwd, trimmed.slice(1)), project);
      Object.assign(vars, await readMapping(file, secrets, problems));
    } else if (trimmed.startsWith('{')) {
      Object.assign(vars, await readMapping(sourceFile('-e', '-e', trimmed), secrets, problems));
    } else Object.assign(vars, pairs(trimmed, problems));
  }
  problems.throwIfAny();
  return { title: '-e', vars };
}

async function readMapping(
  file: ReturnType<typeof sourceFile>,
  secrets: SecretStore,
  problems: Problems,
): Promise<Layer['vars']> {
  const root = problems.attempt(() => parseYaml(file));
  await secrets.prepare(root);
  if (root === undefined) return {};
  if (root.kind === 'map') return compileLayer('-e', root, secrets, problems).vars;
  problems.add('extra variables must be a mapping', root.at, 'write "name: value" lines, or {"name": "value"}');
  return {};
}

/** A value is used unchanged: one that contains `{{` came from a shell and is not part of the project. */
function pairs(text: string, problems: Problems): Record<string, Template> {
  const vars: Record<string, Template> = {};
  let rest = text;
  while (rest !== '') {
    const found = /^([^\s=]+)=((?:"[^"]*"|'[^']*'|[^\s"'])*)\s*/.exec(rest);
    const at: Place = { file: '-e', line: 1, column: text.length - rest.length + 1, text };
    if (found?.[1] === undefined) {
      problems.add(`-e ${rest} gives no variable`, at, 'write -e name=value, -e @file.yml or -e \'{"name": 1}\'');
      break;
    }
    const value = (found[2] ?? '').replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => String(double ?? single));
    if (checkName(found[1], at, problems)) vars[found[1]] = constant(value, at);
    rest = rest.slice(found[0].length);
  }
  return vars;
}
