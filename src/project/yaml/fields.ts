import type { Place } from '../../core/place.ts';
import type { Refused } from '../playbook/task-keywords.ts';
import type { Problems } from './problems.ts';
import { didYouMean, listed } from './spelling.ts';
import type { Entry, ListNode, MapNode, Node } from './yaml-file.ts';

/** Reads a value of a keyword; undefined if it is wrong, which was then reported to the Problems. */
export type Reader<T> = (node: Node, what: string, problems: Problems) => T | undefined;

/** One string; `{{ }}` is refused because the value is needed before there are variables. */
export const asText: Reader<string> = (node, what, problems) => {
  if (node.kind !== 'scalar' || node.value === null || node.value === '') {
    problems.add(`${what} must be a string`, node.at, 'write one line of text');
    return undefined;
  }
  return refuseTemplate(node, what, problems) ? undefined : String(node.value);
};

export const asBoolean: Reader<boolean> = (node, what, problems) => {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  if (refuseTemplate(node, what, problems)) return undefined;
  const said = node.kind === 'scalar' ? node.source : '';
  const meant = /^(yes|on|1)$/i.test(said) ? 'true' : /^(no|off|0)$/i.test(said) ? 'false' : undefined;
  const hint =
    meant === undefined
      ? 'write true or false'
      : `YAML 1.2 reads ${said} as ${/\d/.test(said) ? 'a number' : 'a string'}: write ${meant}`;
  problems.add(`${what} must be a boolean`, node.at, hint);
  return undefined;
};

export const asCount: Reader<number> = (node, what, problems) => {
  if (node.kind === 'scalar' && typeof node.value === 'number' && Number.isInteger(node.value) && node.value >= 0)
    return node.value;
  if (!refuseTemplate(node, what, problems))
    problems.add(`${what} must be an integer`, node.at, 'write 0 or more, without quotes');
  return undefined;
};

/** A number from 0 to 100, with or without "%". */
export const asPercentage: Reader<number> = (node, what, problems) => {
  const value = node.kind === 'scalar' ? node.value : undefined;
  const number = typeof value === 'string' && /^\d+(\.\d+)?%?$/.test(value) ? Number.parseFloat(value) : value;
  if (typeof number === 'number' && number >= 0 && number <= 100) return number;
  if (!refuseTemplate(node, what, problems))
    problems.add(`${what} must be a percentage`, node.at, 'write a number from 0 to 100');
  return undefined;
};

const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds: `5s`, `2m`, `1h30m`, or a number of seconds. */
export const asDuration: Reader<number> = (node, what, problems) => {
  if (node.kind === 'scalar' && typeof node.value === 'number' && node.value >= 0) return node.value;
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    const parts = [...node.value.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*/g)];
    if (parts.length > 0 && parts.map(([part]) => part).join('') === node.value) {
      return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
    }
    if (/^\d+(\.\d+)?$/.test(node.value)) return Number(node.value);
  }
  if (!refuseTemplate(node, what, problems))
    problems.add(`${what} must be a time`, node.at, 'write seconds, or 500ms, 5s, 2m, 1h');
  return undefined;
};

/** A list of strings; a single string is a list of one, and `split` separates it at commas as Ansible does with tags. */
export function asTexts(split: boolean): Reader<string[]> {
  return (node, what, problems) => {
    const nodes = node.kind === 'list' ? node.items : [node];
    const texts = nodes.map((item) => asText(item, what, problems));
    if (texts.some((text) => text === undefined)) return undefined;
    const flat = texts.flatMap((text) => (split ? (text ?? '').split(',') : [text ?? '']));
    return flat.map((text) => text.trim()).filter((text) => text !== '');
  };
}

export const asMap: Reader<MapNode> = (node, what, problems) => {
  if (node.kind === 'map') return node;
  problems.add(`${what} must be a mapping`, node.at, 'write lines of "name: value" below it');
  return undefined;
};

/** A list; an empty value is an empty list. */
export const asList: Reader<ListNode> = (node, what, problems) => {
  if (node.kind === 'list') return node;
  if (node.kind === 'scalar' && node.value === null) return { kind: 'list', at: node.at, items: [] };
  problems.add(`${what} must be a list`, node.at, 'begin each of its entries with "- "');
  return undefined;
};

/** Reports keys that are not in `known`; `refused` are Ansible's, which heal does not have. */
export function checkKeys(
  node: MapNode,
  what: string,
  known: readonly string[],
  problems: Problems,
  refused: Readonly<Record<string, Refused>> = {},
): void {
  for (const entry of node.entries) if (!known.includes(entry.key)) unknownKey(entry, what, known, problems, refused);
}

/** Reports that a key is unknown or not supported. */
export function unknownKey(
  entry: Entry,
  what: string,
  known: readonly string[],
  problems: Problems,
  refused: Readonly<Record<string, Refused>> = {},
): void {
  const reason = Object.hasOwn(refused, entry.key) ? refused[entry.key] : undefined;
  if (reason !== undefined) refuse(entry, reason, problems);
  else
    problems.add(
      `${what} has no key "${entry.key}"`,
      entry.at,
      didYouMean(entry.key, known, `its keys are ${listed(known, 40)}`),
    );
}

/** Reports that heal does not have this keyword of Ansible. */
export function refuse({ key, at }: Entry, { status, hint }: Refused, problems: Problems): void {
  problems.add(`"${key}" is not supported${status === 'no' ? '' : ' yet'}`, at, hint);
}

/** Reads a key if it exists. */
export function field<T>(node: MapNode, key: string, read: Reader<T>, problems: Problems): T | undefined {
  const entry = node.entries.find((one) => one.key === key);
  return entry === undefined ? undefined : read(entry.value, `"${key}"`, problems);
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Names that heal sets; they cannot be defined. */
export const magicNames = [
  'ansible_failed_result',
  'ansible_failed_task',
  'facts',
  'group_names',
  'groups',
  'heal_check_mode',
  'heal_deep',
  'hostvars',
  'inventory_hostname',
  'inventory_hostname_short',
  'play_hosts',
  'play_name',
  'play_role_names',
  'role_changed',
  'role_name',
  'role_path',
] as const;

/** Reports a name that can't be that of a variable, a register or a loop's item. */
export function checkName(name: string, at: Place, problems: Problems): boolean {
  if (!identifier.test(name)) {
    problems.add(
      `"${name}" is not a valid variable name`,
      at,
      'it has letters, digits and _, and begins with none of the digits',
    );
    return false;
  }
  if (magicNames.some((magic) => magic === name)) {
    problems.add(`"${name}" is set by heal itself`, at, 'choose another name');
    return false;
  }
  if (reserved.has(name)) {
    problems.add(`"${name}" has a meaning of its own in templates or conditions`, at, 'choose another name');
    return false;
  }
  return true;
}

/** Reserved words of CEL and Handlebars, which can never be read as a variable. */
const reserved = new Set(
  (
    'true false null undefined this in as cel google optional int uint double bool string bytes list map dyn type null_type ' +
    'break const continue else for function if import let loop namespace package return var void while __proto__'
  ).split(' '),
);

function refuseTemplate(node: Node, what: string, problems: Problems): boolean {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || !node.value.includes('{{')) return false;
  problems.add(`${what} cannot contain {{ }}`, node.at, 'it is needed before any variable has a value');
  return true;
}
