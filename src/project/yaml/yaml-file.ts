/**
 * src/project converts a project's files to typed values: YAML to nodes that know their place, nodes to templates and
 * conditions, inventories, roles and playbooks. Nothing here accesses a host, a console or the process; all inputs
 * are parameters. It imports only src/core and libraries.
 *
 * This file reads YAML 1.2. A Place is stored for every node, because an error without file, line and caret makes the
 * user search.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, type Node as YamlNode } from 'yaml';
import type { Json } from '../../core/json.ts';
import type { Place } from '../../core/place.ts';
import { collectProblems, type Problems } from './problems.ts';
import { offsetOf } from './scalar-offset.ts';
import type { SourceFile } from './source-file.ts';
import { reportSyntax, templateHint } from './syntax-errors.ts';

/** A value of a YAML file, with the Place of its start. */
export type Node = MapNode | ListNode | ScalarNode | SecretNode;

export interface Entry {
  readonly key: string;
  /** Of the key. */
  readonly at: Place;
  readonly value: Node;
}

export interface MapNode {
  readonly kind: 'map';
  readonly at: Place;
  readonly entries: readonly Entry[];
}

export interface ListNode {
  readonly kind: 'list';
  readonly at: Place;
  readonly items: readonly Node[];
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly at: Place;
  readonly value: string | number | boolean | null;
  /** As written in the file, for errors: `0644`, `yes`. */
  readonly source: string;
  /** The Place of a character of a string, by its index in `value`. */
  readonly placeOf: (index: number) => Place;
}

/** A value that is stored outside of the file: `!secret-env TELEGRAM_TOKEN`, `!secret-file ~/.telegram-token`. */
export interface SecretNode {
  readonly kind: 'secret';
  readonly at: Place;
  readonly from: 'env' | 'file';
  readonly name: string;
}

const secretTags: Readonly<Record<string, SecretNode['from']>> = { '!secret-env': 'env', '!secret-file': 'file' };

/**
 * Parses one document. Throws HealError or HealErrors of kind `usage`; returns undefined for an empty file.
 * Anchors, aliases and `<<` merges are resolved.
 */
export function parseYaml(file: SourceFile): Node | undefined {
  const tags = Object.keys(secretTags).map((tag) => ({ tag, resolve: (text: string) => text }));
  const document = parseDocument(file.text, { prettyErrors: false, customTags: tags });
  const problems = collectProblems();
  reportSyntax(document, file, Object.keys(secretTags), problems);
  problems.throwIfAny();
  const root = document.contents;
  const node = root === null ? undefined : new Reading(document, file, problems).node(root);
  problems.throwIfAny();
  return node;
}

/** Whether any string in it contains `{{`. */
export function hasTemplate(node: Node): boolean {
  switch (node.kind) {
    case 'scalar':
      return typeof node.value === 'string' && node.value.includes('{{');
    case 'list':
      return node.items.some(hasTemplate);
    case 'map':
      return node.entries.some((entry) => hasTemplate(entry.value));
    case 'secret':
      return false;
  }
}

/** The plain value; a secret becomes a string of its kind, only for checks of types. */
export function plainValue(node: Node): Json {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plainValue);
    case 'map':
      return Object.fromEntries(node.entries.map((entry) => [entry.key, plainValue(entry.value)]));
    case 'secret':
      return '***';
  }
}

/** The entry with this key. */
export function entryOf(node: Node | undefined, key: string): Entry | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key) : undefined;
}

class Reading {
  readonly #done = new Map<YamlNode, Node>();
  readonly #open = new Set<YamlNode>();
  readonly #document: Document;
  readonly #file: SourceFile;
  readonly #problems: Problems;

  constructor(document: Document, file: SourceFile, problems: Problems) {
    this.#document = document;
    this.#file = file;
    this.#problems = problems;
  }

  node(yaml: unknown, fallback: Place = this.#file.place(0)): Node {
    const empty: Node = { kind: 'scalar', at: fallback, value: null, source: '', placeOf: () => fallback };
    if (!isMap(yaml) && !isSeq(yaml) && !isScalar(yaml) && !isAlias(yaml)) return empty;
    const done = this.#done.get(yaml);
    if (done !== undefined) return done;
    const at = this.#file.place(yaml.range?.[0] ?? 0);
    if (this.#open.has(yaml)) {
      this.#problems.add('an anchor contains itself', at, 'remove the alias that points back');
      return empty;
    }
    this.#open.add(yaml);
    const node = this.#make(yaml, at);
    this.#open.delete(yaml);
    this.#done.set(yaml, node);
    return node;
  }

  #make(yaml: YamlNode, at: Place): Node {
    if (isAlias(yaml)) {
      const target = yaml.resolve(this.#document);
      if (target === undefined)
        this.#problems.add(`there is no anchor &${yaml.source}`, at, 'define it before its use');
      return this.node(target, at);
    }
    if (isSeq(yaml)) return { kind: 'list', at, items: yaml.items.map((item) => this.node(item, at)) };
    if (isMap(yaml)) return { kind: 'map', at, entries: this.#entries(yaml.items) };
    if (isScalar(yaml)) return this.#scalar(yaml, at);
    return this.node(undefined, at);
  }

  #scalar(yaml: { value: unknown; tag?: string; source?: string; range?: unknown } & YamlNode, at: Place): Node {
    const source = yaml.source ?? '';
    const from = yaml.tag === undefined ? undefined : secretTags[yaml.tag];
    if (from !== undefined) return { kind: 'secret', at, from, name: String(yaml.value).trim() };
    const { value } = yaml;
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
    if (typeof plain === 'number' && Number.isInteger(plain) && !Number.isSafeInteger(plain)) {
      this.#problems.add(`${source} is too large for a number`, at, 'put it in quotes');
    }
    const file = this.#file;
    const [start, end] = yaml.range ?? [0, 0];
    const placeOf = (index: number): Place => file.place(offsetOf(file.text.slice(start, end), source, index) + start);
    return { kind: 'scalar', at, value: plain, source, placeOf };
  }

  #entries(pairs: readonly { key: unknown; value: unknown }[]): Entry[] {
    const entries: Entry[] = [];
    const merged: Entry[] = [];
    for (const pair of pairs) {
      const key = isAlias(pair.key) ? pair.key.resolve(this.#document) : pair.key;
      const at = this.#file.place(isScalar(pair.key) || isMap(pair.key) ? (pair.key.range?.[0] ?? 0) : 0);
      if (!isScalar(key) || key.value === null) {
        this.#problems.add('a key is not a string', at, templateHint);
        continue;
      }
      const value = this.node(pair.value, at);
      if (key.value === '<<' && key.type === 'PLAIN') merged.push(...this.#merge(value));
      else
        entries.push({ key: typeof key.value === 'string' ? key.value : (key.source ?? String(key.value)), at, value });
    }
    const names = new Set(entries.map((entry) => entry.key));
    for (const entry of merged) {
      if (names.has(entry.key)) continue;
      names.add(entry.key);
      entries.push(entry);
    }
    return entries;
  }

  #merge(value: Node): readonly Entry[] {
    if (value.kind === 'map') return value.entries;
    if (value.kind === 'list') return value.items.flatMap((item) => this.#merge(item));
    this.#problems.add('<< expects a mapping', value.at, 'point it at an anchor of a mapping');
    return [];
  }
}
