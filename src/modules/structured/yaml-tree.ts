import {
  type CST,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
} from 'yaml';
import type { Json } from '../../core/json.ts';

/** A value in a YAML text and its location; ends are exclusive, without a line end. */
export interface YamlNode {
  /** `other` is a scalar, an alias, or a node that can only be replaced as a whole. */
  readonly kind: 'map' | 'seq' | 'other';
  readonly flow: boolean;
  readonly start: number;
  readonly end: number;
  readonly value: Json;
  readonly entries: readonly YamlEntry[];
  /** How a scalar is quoted: one of yaml's scalar types. */
  readonly quoting: Scalar.Type | undefined;
}

/** A key of a mapping with its value, or an entry of a list. */
export interface YamlEntry {
  /** Undefined for entries of lists, and for keys without a plain name (`<<`). */
  readonly name: string | undefined;
  readonly start: number;
  /** After `:` or `-` and an anchor; undefined if both are missing. */
  readonly head: number | undefined;
  /** Undefined if no value is written. */
  readonly node: YamlNode | undefined;
  readonly end: number;
}

/** The tree of a parsed document (with `keepSourceTokens`); undefined if it is empty. */
export function yamlTree(text: string, document: Document.Parsed): YamlNode | undefined {
  const { contents } = document;
  return contents === null || isEmpty(contents) ? undefined : nodeOf({ text, document }, contents);
}

interface Source {
  readonly text: string;
  readonly document: Document.Parsed;
}

function nodeOf(source: Source, node: Node): YamlNode {
  const [start = 0, valueEnd = 0] = node.range ?? [];
  const token = node.srcToken;
  const flow = token?.type === 'flow-collection';
  const entries = isMap(node)
    ? token !== undefined && node.items.every((pair) => pair.srcToken !== undefined)
      ? node.items.map((pair) => memberOf(source, pair))
      : undefined
    : isSeq(node)
      ? listOf(source, node.items, token, flow)
      : undefined;
  const whole = source.text.slice(start, valueEnd).replace(/\r?\n$/, '').length + start;
  return {
    kind: entries === undefined ? 'other' : isMap(node) ? 'map' : 'seq',
    flow,
    start,
    end: flow ? valueEnd : (entries?.at(-1)?.end ?? whole),
    value: valueIn(source, node, entries),
    entries: entries ?? [],
    quoting: isScalar(node) ? node.type : undefined,
  };
}

/** Built from the entries' values if these are complete: asking each node for its value would walk a string once per level. */
function valueIn({ document }: Source, node: Node, entries: readonly YamlEntry[] | undefined): Json {
  if (isSeq(node) && entries !== undefined) return entries.map((entry) => entry.node?.value ?? null);
  if (isMap(node) && entries?.every(({ name }) => name !== undefined))
    return Object.fromEntries(entries.map((entry) => [entry.name ?? '', entry.node?.value ?? null]));
  return node.toJS(document, { maxAliasCount: 10_000 });
}

function memberOf(source: Source, pair: Pair): YamlEntry {
  const { key, value, srcToken } = pair;
  const keyNode = key as Node | null;
  const keyEnd = keyNode?.range?.[1] ?? startOf(srcToken?.start) ?? 0;
  const head = headOf(srcToken?.sep, 'map-value-ind');
  const node = written(source, value as Node | null);
  return {
    name: isScalar(key) && typeof key.value !== 'symbol' && !isAlias(key) ? nameOf(key) : undefined,
    start: startOf(srcToken?.start) ?? keyNode?.range?.[0] ?? 0,
    // A question mark without a colon after it leaves no place for a value.
    head,
    node,
    end: node?.end ?? head ?? keyEnd,
  };
}

function listOf(
  source: Source,
  items: readonly unknown[],
  token: CST.Token | undefined,
  flow: boolean,
): YamlEntry[] | undefined {
  const tokens =
    token?.type === 'block-seq'
      ? token.items.filter(({ start }) => start.some(({ type }) => type === 'seq-item-ind'))
      : token?.type === 'flow-collection'
        ? token.items.filter((item) => item.value !== undefined || item.key !== undefined)
        : [];
  if (tokens.length !== items.length) return undefined;
  const entries: YamlEntry[] = [];
  for (const [i, item] of items.entries()) {
    if (isPair(item)) return undefined;
    const start = tokens[i]?.start;
    const node = written(source, item as Node | null);
    const head = flow ? undefined : headOf(start, 'seq-item-ind');
    const from = startOf(start) ?? node?.start ?? 0;
    entries.push({ name: undefined, start: from, head, node, end: node?.end ?? head ?? from });
  }
  return entries;
}

function written(source: Source, node: Node | null): YamlNode | undefined {
  return node === null || isEmpty(node) ? undefined : nodeOf(source, node);
}

/** Whether a node has no text: `key:`. */
function isEmpty(node: Node): boolean {
  return isScalar(node) && node.range?.[0] === node.range?.[1] && node.value === null;
}

/** Position of the first token with content. */
function startOf(tokens: readonly CST.SourceToken[] | undefined): number | undefined {
  return tokens?.find(({ type }) => !['space', 'newline', 'comment', 'comma'].includes(type))?.offset;
}

function headOf(tokens: readonly CST.SourceToken[] | undefined, mark: CST.SourceToken['type']): number | undefined {
  const at = tokens?.findIndex(({ type }) => type === mark) ?? -1;
  if (tokens === undefined || at === -1) return undefined;
  const last = tokens.findLast(({ type }, i) => i === at || (i > at && type === 'anchor'));
  return last === undefined ? undefined : last.offset + last.source.length;
}

/** A key, named as yaml names the keys of an object. */
function nameOf({ value }: Scalar): string {
  return value === null ? '' : String(value);
}
