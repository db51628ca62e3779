import type { Json, JsonObject } from '../../core/json.ts';

/**
 * A fast check for valid values: most are, and a run with only valid values need not load ajv, which takes a third
 * of the time in which a run should start. True means that ajv would accept it; false only means that ajv must check it:
 * ajv decides and writes the errors. A keyword that is unknown here always gives false. A value that is not known yet
 * (`unknownAt` its path) counts as valid: ajv's errors for it are not reported.
 */
export function surelyValid(
  schema: Json | undefined,
  value: Json,
  unknownAt?: UnknownAt,
  path: readonly string[] = [],
): boolean {
  if (schema === true || schema === undefined) return true;
  if (!isObject(schema)) return false;
  if (unknownAt?.(path) === true) return true;
  // A run checks the arguments of each task several times, mostly without `unknownAt`: no paths are made then.
  const inside = (one: Json | undefined, member: Json, name?: string): boolean =>
    surelyValid(one, member, unknownAt, name === undefined || unknownAt === undefined ? path : [...path, name]);
  return checksOf(schema).every(([check, wanted]) => check(wanted, value, inside, schema));
}

type Checks = readonly (readonly [Check, Json])[];

const knownChecks = new WeakMap<JsonObject, Checks>();

/** The checks of a schema's keywords, without those of annotations. */
function checksOf(schema: JsonObject): Checks {
  const known = knownChecks.get(schema);
  if (known !== undefined) return known;
  const made = Object.entries(schema).flatMap(([keyword, wanted]): [Check, Json][] => {
    const check = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
    return check === always ? [] : [[check ?? never, wanted ?? null]];
  });
  knownChecks.set(schema, made);
  return made;
}

/** Whether the value at a path of keys and indices is not known yet. */
export type UnknownAt = (path: readonly string[]) => boolean;

/** `inside` checks the value itself or, if a name is given, its property of that name. */
type Check = (
  wanted: Json,
  value: Json,
  inside: (schema: Json | undefined, value: Json, name?: string) => boolean,
  schema: JsonObject,
) => boolean;

const always: Check = () => true;
const never: Check = () => false;

const keywords: Readonly<Record<string, Check>> = {
  $comment: always,
  $id: always,
  $schema: always,
  title: always,
  description: always,
  default: always,
  examples: always,
  deprecated: always,
  markdownDescription: always,
  type: (wanted, value) => (Array.isArray(wanted) ? wanted : [wanted]).some((type) => hasType(type, value)),
  enum: (wanted, value) => Array.isArray(wanted) && isScalar(value) && wanted.includes(value),
  const: (wanted, value) => isScalar(value) && wanted === value,
  minimum: (wanted, value) => typeof value !== 'number' || value >= Number(wanted),
  maximum: (wanted, value) => typeof value !== 'number' || value <= Number(wanted),
  minLength: (wanted, value) => typeof value !== 'string' || [...value].length >= Number(wanted),
  maxLength: (wanted, value) => typeof value !== 'string' || [...value].length <= Number(wanted),
  pattern: (wanted, value) => typeof value !== 'string' || new RegExp(String(wanted), 'u').test(value),
  minItems: (wanted, value) => !Array.isArray(value) || value.length >= Number(wanted),
  maxItems: (wanted, value) => !Array.isArray(value) || value.length <= Number(wanted),
  minProperties: (wanted, value) => !isObject(value) || Object.keys(value).length >= Number(wanted),
  items: (wanted, value, inside) =>
    !Array.isArray(value) ||
    (!Array.isArray(wanted) && value.every((item: Json, index) => inside(wanted, item, String(index)))),
  required: (wanted, value) =>
    !isObject(value) || (Array.isArray(wanted) && wanted.every((name) => Object.hasOwn(value, String(name)))),
  properties: (wanted, value, inside) =>
    !isObject(value) ||
    (isObject(wanted) &&
      Object.entries(value).every(
        ([name, member]) => !Object.hasOwn(wanted, name) || inside(wanted[name], member, name),
      )),
  additionalProperties: (wanted, value, inside, schema) => {
    if (!isObject(value)) return true;
    // patternProperties are unknown here, so a schema with them was rejected before.
    const known = isObject(schema['properties']) ? schema['properties'] : {};
    return Object.entries(value).every(([name, member]) => Object.hasOwn(known, name) || inside(wanted, member, name));
  },
  anyOf: (wanted, value, inside) => Array.isArray(wanted) && wanted.some((one) => inside(one, value)),
  allOf: (wanted, value, inside) => Array.isArray(wanted) && wanted.every((one) => inside(one, value)),
};

function hasType(type: Json, value: Json): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

function isScalar(value: Json): boolean {
  return value === null || typeof value !== 'object';
}

/** Whether it is a mapping. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
