import { isList, type Json } from '../../core/json.ts';
import { indentBefore, indentOfLine } from '../text/text-edit.ts';
import { lineEnd } from '../text/text-lines.ts';
import type { JsonNode } from './json-tree.ts';
import { isObject } from './value.ts';

/** The JSON style of a file, so that inserted parts look like the rest. */
export interface JsonStyle {
  /** Spaces of one level. */
  readonly indent: string;
  readonly eol: string;
  /** Between a name and its value. */
  readonly colon: string;
  readonly quote: '"' | "'";
  /** Names without quotes, if possible. */
  readonly bare: boolean;
  /** Whether each entry of new mappings and lists gets a separate line. */
  readonly lines: boolean;
}

/** The style of a string; `indent` is used if the string has no indentation. */
export function styleOf(text: string, tree: JsonNode, indent: string): JsonStyle {
  const nodes = [...all(tree)];
  const inner = nodes.flatMap(({ parent, entry }) => {
    const own = indentBefore(text, entry.start);
    const outer = indentOfLine(text, parent.start);
    return own !== undefined && own.length > outer.length && own.startsWith(outer) ? [own.slice(outer.length)] : [];
  });
  const names = nodes.filter(({ parent }) => parent.kind === 'object');
  const first = names[0]?.entry;
  const strings = nodes.map(({ entry }) => text[entry.node.start]);
  return {
    indent: inner[0] ?? indent,
    eol: lineEnd(text),
    colon: first === undefined || /\s$/.test(text.slice(first.start, first.node.start)) ? ': ' : ':',
    quote: strings.includes("'") && !strings.includes('"') ? "'" : '"',
    bare: names.some(({ entry }) => !/["']/.test(text[entry.start] ?? '')),
    lines: tree.entries.length === 0 || text.slice(tree.start, tree.end).includes('\n'),
  };
}

/** A value as text. All lines except the first are indented by `outer`. */
export function jsonText(value: Json, style: JsonStyle, outer: string): string {
  if (typeof value === 'string') return quoted(value, style.quote);
  const parts = isList(value)
    ? value.map((one) => jsonText(one, style, outer + style.indent))
    : isObject(value)
      ? Object.entries(value).map(
          ([name, one]) => nameText(name, style) + style.colon + jsonText(one, style, outer + style.indent),
        )
      : undefined;
  if (parts === undefined) return Object.is(value, -0) ? '0' : JSON.stringify(value);
  const [open, close] = isList(value) ? '[]' : '{}';
  if (parts.length === 0) return `${open}${close}`;
  if (!style.lines) return `${open}${parts.join(style.colon === ':' ? ',' : ', ')}${close}`;
  const line = style.eol + outer;
  return `${open}${line}${style.indent}${parts.join(`,${line}${style.indent}`)}${line}${close}`;
}

/** A key as text. */
export function nameText(name: string, { bare, quote }: JsonStyle): string {
  return bare && /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name, quote);
}

function quoted(text: string, quote: '"' | "'"): string {
  const inside = JSON.stringify(text).slice(1, -1);
  return quote === '"' ? `"${inside}"` : `'${inside.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function* all(parent: JsonNode): Generator<{ readonly parent: JsonNode; readonly entry: JsonNode['entries'][number] }> {
  for (const entry of parent.entries) {
    yield { parent, entry };
    yield* all(entry.node);
  }
}
