import type { Json, JsonObject } from '../../src/core/json.ts';

/** The version of JSON Schema that all schemas have. */
export const draft = 'http://json-schema.org/draft-07/schema#';

/** A text with `{{ }}`, or one that `!secret-env` or `!secret-file` stands before: editors see its text alone. */
export const template: JsonObject = { type: 'string', pattern: '\\{\\{' };

/** A schema whose every value may also be a text with `{{ }}`. What people read stays on the outside. */
export function lenient(schema: JsonObject): JsonObject {
  const { description, default: preset, ...rest } = schema;
  const inner: Record<string, Json> = { ...rest };
  for (const key of ['properties', 'patternProperties'] as const) {
    const group = rest[key];
    if (isObject(group)) {
      inner[key] = Object.fromEntries(Object.entries(group).map(([name, one]) => [name, part(one)]));
    }
  }
  for (const key of ['items', 'additionalProperties'] as const) {
    const one = rest[key];
    if (isObject(one)) inner[key] = lenient(one);
  }
  for (const key of ['anyOf', 'oneOf'] as const) {
    const list = rest[key];
    if (Array.isArray(list)) inner[key] = list.map((one: Json) => (isObject(one) ? stripped(lenient(one)) : one));
  }
  const outer = {
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined ? {} : { default: preset }),
  };
  if (Object.keys(inner).length === 0) return outer;
  return { ...outer, anyOf: [inner, { $ref: 'tasks.json#/definitions/template' }] };
}

/** Of nested alternatives only the strict one: the template stands beside them already. */
function stripped(schema: JsonObject): Json {
  const { anyOf } = schema;
  return Array.isArray(anyOf) && anyOf.length === 2 ? (anyOf[0] ?? {}) : schema;
}

function part(one: Json): Json {
  return isObject(one) ? lenient(one) : one;
}

/** Whether a part of a schema is a mapping. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
