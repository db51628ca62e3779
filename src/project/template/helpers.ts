import { posix, win32 } from 'node:path';
import { stringify } from 'yaml';
import type { Value } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import { isList, isMapping, typeName } from '../variables/value.ts';
import { same } from './same.ts';

/** A helper of templates: `{{quote path}}`, `{{#if (eq a b)}}`. */
export interface Helper {
  /** Its syntax, for docs and errors. */
  readonly usage: string;
  readonly about: string;
  readonly least: number;
  readonly most: number;
  readonly hash?: readonly string[];
  /** Gets Secrets unchanged; otherwise they are revealed and a resulting string becomes a Secret. */
  readonly sealed?: boolean;
  /** Its arguments may be undefined. */
  readonly lenient?: boolean;
  /** Throws an Error whose message describes the mistake in the arguments. */
  readonly run: (args: readonly (Value | undefined)[], hash: Readonly<Record<string, Value>>) => Value;
}

/** All helpers of templates: this table is their documentation. `if`, `unless`, `each`, `with` and `raw` are blocks. */
export const helpers: Readonly<Record<string, Helper>> = {
  default: {
    usage: '{{default name "fallback"}}',
    about: 'the value, or the fallback if it is undefined or null; the only helper that may see an undefined name',
    least: 2,
    most: 2,
    sealed: true,
    lenient: true,
    run: ([value, fallback]) => value ?? fallback ?? null,
  },
  lookup: {
    usage: '{{lookup mapping key}}',
    about: 'a key whose name is in a variable, or an item of a list by its index from 0',
    least: 2,
    most: 2,
    sealed: true,
    run: ([from, key]) => {
      const name = text(key, 'the key');
      if (isList(from) || isMapping(from)) {
        const found = Object.hasOwn(from, name) ? Reflect.get(from, name) : undefined;
        if (found !== undefined) return found;
        throw new Error(`there is no "${name}" in it`);
      }
      throw new Error(`it looks into a mapping or a list, not ${typeName(from)}`);
    },
  },
  json: {
    usage: '{{json value}} or {{json value indent=2}}',
    about: 'the value as JSON',
    least: 1,
    most: 1,
    hash: ['indent'],
    run: ([value], hash) => JSON.stringify(value, null, Number(hash['indent'] ?? 0)),
  },
  yaml: {
    usage: '{{yaml value}}',
    about: 'the value as YAML, without a final line end',
    least: 1,
    most: 1,
    run: ([value]) => stringify(value, { lineWidth: 0 }).replace(/\n$/, ''),
  },
  quote: {
    usage: '{{quote text}}',
    about: 'one word of a POSIX shell, in single quotes where it needs them; a list gives a word for each of its items',
    least: 1,
    most: 1,
    run: ([value]) => (isList(value) ? value.map((item) => shellWord(text(item))).join(' ') : shellWord(text(value))),
  },
  indent: {
    usage: '{{indent text 4}}',
    about: 'the string with every non-empty line indented by that number of spaces',
    least: 2,
    most: 2,
    run: ([value, by]) => {
      if (typeof by !== 'number' || by < 0 || !Number.isInteger(by))
        throw new Error('the second argument is an integer');
      return text(value).replace(/^(?=.)/gm, ' '.repeat(by));
    },
  },
  lower: {
    usage: '{{lower text}}',
    about: 'in lower case',
    least: 1,
    most: 1,
    run: ([value]) => text(value).toLowerCase(),
  },
  upper: {
    usage: '{{upper text}}',
    about: 'in upper case',
    least: 1,
    most: 1,
    run: ([value]) => text(value).toUpperCase(),
  },
  trim: {
    usage: '{{trim text}}',
    about: 'without space at both ends',
    least: 1,
    most: 1,
    run: ([value]) => text(value).trim(),
  },
  replace: {
    usage: '{{replace text "from" "to"}}',
    about: 'every occurrence of a string replaced',
    least: 3,
    most: 3,
    run: ([value, from, to]) => text(value).replaceAll(text(from), () => text(to)),
  },
  join: {
    usage: '{{join list ", "}}',
    about: 'the items of a list as one text',
    least: 1,
    most: 2,
    run: ([list, separator]) => {
      if (!isList(list)) throw new Error(`it joins a list, not ${typeName(list)}`);
      return list.map((item) => text(item, 'an item')).join(separator === undefined ? ',' : text(separator));
    },
  },
  length: {
    usage: '{{length value}}',
    about: 'number of items, keys or characters',
    least: 1,
    most: 1,
    run: ([value]) => {
      if (isList(value) || typeof value === 'string') return value.length;
      if (isMapping(value)) return Object.keys(value).length;
      throw new Error(`it counts a list, a mapping or a string, not ${typeName(value)}`);
    },
  },
  keys: {
    usage: '{{keys mapping}}',
    about: 'the names of its keys as a list',
    least: 1,
    most: 1,
    run: ([value]) => {
      if (!isMapping(value)) throw new Error(`it expects a mapping, not ${typeName(value)}`);
      return Object.keys(value);
    },
  },
  basename: {
    usage: '{{basename path}}',
    about: 'the last part of a path',
    least: 1,
    most: 1,
    run: ([value]) => pathsOf(value).basename(text(value)),
  },
  dirname: {
    usage: '{{dirname path}}',
    about: 'the directory of a path',
    least: 1,
    most: 1,
    run: ([value]) => pathsOf(value).dirname(text(value)),
  },
  base64: {
    usage: '{{base64 text}}',
    about: 'the text in base64',
    least: 1,
    most: 1,
    run: ([value]) => Buffer.from(text(value), 'utf8').toString('base64'),
  },
  add: {
    usage: '{{add a b}}',
    about: 'the sum of two numbers',
    least: 2,
    most: 2,
    run: ([a, b]) => number(a) + number(b),
  },
  eq: {
    usage: '(eq a b)',
    about: 'whether two values are equal',
    least: 2,
    most: 2,
    sealed: true,
    run: ([a, b]) => same(a, b),
  },
  ne: {
    usage: '(ne a b)',
    about: 'whether two values differ',
    least: 2,
    most: 2,
    sealed: true,
    run: ([a, b]) => !same(a, b),
  },
  and: {
    usage: '(and a b ...)',
    about: 'whether all are true',
    least: 1,
    most: 99,
    sealed: true,
    run: (args) => args.every(isTrue),
  },
  or: {
    usage: '(or a b ...)',
    about: 'whether one is true',
    least: 1,
    most: 99,
    sealed: true,
    run: (args) => args.some(isTrue),
  },
  not: { usage: '(not a)', about: 'whether it is false', least: 1, most: 1, sealed: true, run: ([a]) => !isTrue(a) },
  in: {
    usage: '(in item list)',
    about: 'whether a list contains an item, a mapping contains a key, or a string contains a substring',
    least: 2,
    most: 2,
    run: ([item, holder]) => {
      if (isList(holder)) return holder.some((one) => same(one, item));
      if (isMapping(holder)) return Object.hasOwn(holder, text(item));
      return text(holder).includes(text(item));
    },
  },
};

/** Whether `#if` treats a value as true, as Handlebars does: not false, null, an empty string, 0, or an empty list. */
export function isTrue(value: Value | undefined): boolean {
  if (value instanceof Secret) return value.reveal() !== '';
  return isList(value) ? value.length > 0 : Boolean(value);
}

/** A scalar in the notation for use inside a string. Throws an Error for a list, a mapping and null. */
export function text(value: Value | undefined, what = 'it'): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${what} must be a string, not ${typeName(value)}`);
}

function number(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  throw new Error(`it must be a number, not ${typeName(value)}`);
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function pathsOf(value: Value | undefined): typeof posix {
  // Remote paths are POSIX; only a drive letter with a backslash identifies a Windows path of the control node.
  return /^[A-Za-z]:\\/.test(text(value)) ? win32 : posix;
}
