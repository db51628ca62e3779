import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Json, JsonObject } from '../../core/json.ts';
import { didYouMean, listed } from '../yaml/spelling.ts';
import { isObject, surelyValid, type UnknownAt } from './schema-fast.ts';

/** Something that a JSON Schema does not allow. */
export interface Violation {
  /** Keys and indices of the path to the value. */
  readonly path: readonly string[];
  /** Continues a sentence whose subject is the path: `must be a string, not a number`. */
  readonly message: string;
  readonly hint: string;
  /** The key that is not allowed, if that is the error. */
  readonly key?: string;
  /** The key that is missing, if that is the error. */
  readonly missing?: string;
}

type Validate = ValidateFunction<unknown>;
const compiled = new WeakMap<JsonObject, Validate>();
let compiler: ((schema: JsonObject) => Validate) | undefined;

/**
 * The violations of `schema` (draft-07) in `value`. `unknownAt` returns whether the value at a path is not known yet (a
 * template); errors that depend on such a value are not reported. ajv is loaded only if something may be wrong.
 */
export async function violations(
  schema: JsonObject,
  value: Json,
  unknownAt?: UnknownAt,
): Promise<readonly Violation[]> {
  if (surelyValid(schema, value, unknownAt)) return [];
  if (compiler === undefined) {
    // When bundled, a CommonJS package has only its default export.
    const { default: ajvPackage } = await import('ajv');
    const ajv = new ajvPackage.Ajv({ allErrors: true, strict: false, verbose: true });
    compiler = (one) => ajv.compile(one);
  }
  const validate = compiled.get(schema) ?? compiler(schema);
  compiled.set(schema, validate);
  if (validate(value)) return [];
  return relevant(validate.errors ?? [], unknownAt ?? (() => false)).map(violationOf);
}

/** A copy with the schema's `default`s for missing keys. */
export function withDefaults<T extends Json>(schema: Json | undefined, value: T): T {
  return filled(schema, value) as T;
}

function filled(schema: Json | undefined, value: Json): Json {
  if (!isObject(schema)) return value;
  if (Array.isArray(value)) return value.map((item: Json) => filled(schema['items'], item));
  if (!isObject(value) || !isObject(schema['properties'])) return value;
  const copy: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) copy[name] = filled(schema['properties'][name], member);
  for (const [name, member] of Object.entries(schema['properties'])) {
    if (isObject(member) && 'default' in member && !Object.hasOwn(copy, name)) copy[name] = member['default'] ?? null;
  }
  return copy;
}

const branches = new Set(['anyOf', 'oneOf', 'if', 'not', 'contains']);
const whole = new Set([...branches, 'const', 'enum', 'uniqueItems', 'dependencies', 'dependentRequired']);

/** Reports the errors of a branch as one, and no errors that a value which is not known yet may cause. */
function relevant(errors: readonly ErrorObject[], unknownAt: UnknownAt): ErrorObject[] {
  const parents = errors.filter((error) => branches.has(error.keyword));
  const inBranch = (error: ErrorObject): boolean =>
    parents.some((parent) => parent !== error && error.schemaPath.startsWith(`${parent.schemaPath}/`));
  const touched = (error: ErrorObject): boolean => {
    const path = pathOf(error);
    if (path.some((_, index) => unknownAt(path.slice(0, index + 1)))) return true;
    return whole.has(error.keyword) && holdsUnknown(error.data, path, unknownAt);
  };
  return errors.filter((error) => error.keyword !== 'if' && !inBranch(error) && !touched(error));
}

function holdsUnknown(data: unknown, path: readonly string[], unknownAt: UnknownAt): boolean {
  if (unknownAt(path)) return true;
  if (typeof data !== 'object' || data === null) return false;
  return Object.entries(data).some(([key, member]) => holdsUnknown(member, [...path, key], unknownAt));
}

function violationOf(error: ErrorObject): Violation {
  const path = pathOf(error);
  const { keyword, data } = error;
  const params: Record<string, unknown> = error.params;
  const about = described(error.parentSchema);
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty']);
    const known = Object.keys(Object(error.parentSchema?.['properties']));
    return {
      path,
      key,
      message: `has no argument "${key}"`,
      hint: didYouMean(key, known, `it knows ${listed(known, 40)}`) ?? '',
    };
  }
  if (keyword === 'required') {
    const missing = String(params['missingProperty']);
    return { path, missing, message: `needs "${missing}"`, hint: 'add it' };
  }
  if (isMode(error)) {
    return {
      path,
      message: 'must be a string: a mode is written in quotes',
      hint: `YAML reads a bare ${String(data)} as a number: write mode: "0644"`,
    };
  }
  switch (keyword) {
    case 'type':
      return {
        path,
        message: `must be ${typeNames(params['type'])}, not ${jsonType(data)}`,
        hint: typeHint(params['type'], data) ?? about ?? 'change its type',
      };
    case 'enum': {
      const allowed = Array.isArray(params['allowedValues']) ? params['allowedValues'].map(String) : [];
      const hint = typeof data === 'string' ? didYouMean(data, allowed) : undefined;
      return { path, message: `must be one of ${listed(allowed, 40)}`, hint: hint ?? about ?? 'choose one of them' };
    }
    case 'const':
      return { path, message: `must be ${JSON.stringify(params['allowedValue'])}`, hint: about ?? 'change it' };
    case 'pattern':
      return { path, message: `has an invalid value`, hint: about ?? `it must match ${String(params['pattern'])}` };
    case 'anyOf':
    case 'oneOf':
      return { path, message: 'matches none of the allowed types or patterns', hint: about ?? formsHint(error) };
    case 'not':
      return { path, message: 'is not allowed like this', hint: about ?? 'see the documentation of the module' };
    default:
      return { path, message: error.message ?? 'is not allowed', hint: about ?? 'change it' };
  }
}

/** The first sentence of an argument's description, as a hint. */
function described(schema: Record<string, unknown> | undefined): string | undefined {
  const text = schema?.['description'];
  if (typeof text !== 'string') return undefined;
  const [first = ''] = text.split(/(?<!e\.g)\. (?=[A-Z`])/);
  return first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, '');
}

function formsHint(error: ErrorObject): string {
  const forms = Array.isArray(error.schema) ? error.schema : [];
  const needs = forms.flatMap((form) =>
    Array.isArray(form?.required) ? [form.required.map(String).join(' and ')] : [],
  );
  if (needs.length > 0) return `give ${needs.join(', or ')}`;
  const types = forms.flatMap((form) => (form?.type === undefined ? [] : [typeNames(form.type)]));
  return types.length > 0 ? `it is ${types.join(' or ')}` : 'see the documentation of the module';
}

function isMode(error: ErrorObject): boolean {
  return /(^|\/)(\w*_)?mode$/.test(error.instancePath) && typeof error.data === 'number';
}

function typeHint(wanted: unknown, data: unknown): string | undefined {
  if (wanted === 'boolean' && typeof data === 'string' && /^(yes|no|on|off)$/i.test(data)) {
    return `YAML 1.2 reads ${data} as a string: write ${/^(yes|on)$/i.test(data) ? 'true' : 'false'}`;
  }
  if (wanted === 'string' && (typeof data === 'number' || typeof data === 'boolean')) return 'put it in quotes';
  if ((wanted === 'integer' || wanted === 'number') && typeof data === 'string') return 'write it without quotes';
  if (wanted === 'array' && typeof data === 'string') return 'begin each of its entries with "- "';
  return undefined;
}

const articles: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'a boolean',
  array: 'a list',
  object: 'a mapping',
  null: 'null',
};

function typeNames(types: unknown): string {
  return (Array.isArray(types) ? types : [types]).map((type) => articles[String(type)] ?? String(type)).join(' or ');
}

function jsonType(data: unknown): string {
  if (data === null) return 'null';
  if (Array.isArray(data)) return 'a list';
  return typeof data === 'boolean' ? String(data) : (articles[typeof data] ?? typeof data);
}

function pathOf(error: ErrorObject): string[] {
  return error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
