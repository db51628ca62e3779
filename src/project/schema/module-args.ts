import { HealError } from '../../core/errors.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Place } from '../../core/place.ts';
import type { Misuse, ModuleSchema, Value } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import { isList, isMapping, type ValueMap } from '../variables/value.ts';
import { collectProblems, type Problems } from '../yaml/problems.ts';
import { type MapNode, type Node, plainValue } from '../yaml/yaml-file.ts';
import { type Violation, violations, withDefaults } from './schema-check.ts';
import { isObject } from './schema-fast.ts';

/** Checks a task's arguments as written in the file; those with `{{ }}` are checked by `checkArgs` later. */
export async function checkArgsBefore(module: ModuleSchema, args: MapNode, problems: Problems): Promise<void> {
  const unknownAt = (path: readonly string[]): boolean => {
    const node = nodeAt(args, path);
    return (
      node?.kind === 'secret' ||
      (node?.kind === 'scalar' && typeof node.value === 'string' && node.value.includes('{{'))
    );
  };
  for (const violation of await violations(closed(module.schema), plainValue(args), unknownAt)) {
    const at = placeIn(args, violation);
    problems.add(sentence(module.name, violation), at, violation.hint);
  }
}

/**
 * The strict check of a task's arguments after rendering. Returns them with the defaults of the schema; rejects with
 * usage HealErrors at the Places of the arguments (`task.argPlaces`), or at `at` for missing ones.
 */
export async function checkArgs(
  module: ModuleSchema,
  rendered: ValueMap,
  places: Readonly<Record<string, Place>>,
  at: Place,
): Promise<ValueMap> {
  const secrets: { path: readonly string[]; secret: Secret }[] = [];
  const plain = open(rendered, [], secrets);
  const complete = withDefaults(module.schema, isObject(plain) ? plain : {});
  const problems = collectProblems();
  for (const violation of await violations(withoutConditions(module), complete)) {
    const key = violation.path[0] ?? violation.key;
    // Literals were checked before: a hint about the notation of this one would point to a literal that does not exist.
    const hint = /quotes$/.test(violation.hint)
      ? 'the value comes from a template; check the variables used in it'
      : violation.hint;
    problems.add(sentence(module.name, violation), (key === undefined ? undefined : places[key]) ?? at, hint);
  }
  problems.throwIfAny();
  const wrong = misuseOf(module, complete);
  if (wrong !== undefined) {
    problems.add(
      wrong.message,
      places[wrong.argument ?? ''] ?? at,
      wrong.hint ?? `see the arguments of ${module.name}`,
    );
  }
  problems.throwIfAny();
  return secrets.length === 0 ? complete : sealed(complete, [], secrets);
}

function misuseOf(module: ModuleSchema, args: JsonObject): Misuse | undefined {
  try {
    return module.misuse?.(args);
  } catch (error) {
    if (!(error instanceof HealError)) throw error;
    return { message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}

/** A schema that does not mention other arguments does not mean that it accepts them. */
const closedSchemas = new WeakMap<JsonObject, JsonObject>();
function closed(schema: JsonObject): JsonObject {
  const known = closedSchemas.get(schema);
  if (known !== undefined) return known;
  const made = 'additionalProperties' in schema ? schema : { type: 'object', ...schema, additionalProperties: false };
  closedSchemas.set(schema, made);
  return made;
}

/** Conditions are not part of the rendered arguments; they were checked before the run. */
const renderedSchemas = new WeakMap<JsonObject, JsonObject>();
function withoutConditions({ schema, conditions = [] }: ModuleSchema): JsonObject {
  const whole = closed(schema);
  const { required } = whole;
  if (conditions.length === 0 || !Array.isArray(required)) return whole;
  const known = renderedSchemas.get(whole);
  if (known !== undefined) return known;
  const made = { ...whole, required: required.filter((name) => !conditions.includes(String(name))) };
  renderedSchemas.set(whole, made);
  return made;
}

function sentence(module: string, { path, message, key }: Violation): string {
  if (path.length === 0) return `${module} ${message}`;
  const shown = path.reduce(
    (text, part) => (/^\d+$/.test(part) ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
  return key === undefined
    ? `${module}: "${shown}" ${message}`
    : `${module}: "${shown}" ${message.replace('argument', 'key')}`;
}

function placeIn(args: MapNode, { path, key }: Violation): Place {
  const node = nodeAt(args, path) ?? args;
  if (key === undefined || node.kind !== 'map') return node.at;
  return node.entries.find((entry) => entry.key === key)?.at ?? node.at;
}

function nodeAt(node: Node, path: readonly string[]): Node | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return node;
  if (node.kind === 'list') {
    const item = node.items[Number(first)];
    return item === undefined ? undefined : nodeAt(item, rest);
  }
  if (node.kind !== 'map') return undefined;
  const entry = node.entries.find((one) => one.key === first);
  return entry === undefined ? undefined : nodeAt(entry.value, rest);
}

function open(value: Value, path: readonly string[], secrets: { path: readonly string[]; secret: Secret }[]): Json {
  if (value instanceof Secret) {
    secrets.push({ path, secret: value });
    return value.reveal();
  }
  if (isList(value)) return value.map((item, index) => open(item, [...path, String(index)], secrets));
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, open(member, [...path, key], secrets)]));
}

function sealed(
  value: JsonObject,
  path: readonly string[],
  secrets: readonly { path: readonly string[]; secret: Secret }[],
): ValueMap {
  const seal = (part: Json, at: readonly string[]): Value => {
    const found = secrets.find(
      (one) => one.path.length === at.length && one.path.every((name, index) => name === at[index]),
    );
    if (found !== undefined) return found.secret;
    if (Array.isArray(part)) return part.map((item: Json, index) => seal(item, [...at, String(index)]));
    if (isObject(part)) return sealed(part, at, secrets);
    return part;
  };
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, seal(member, [...path, key])]));
}
