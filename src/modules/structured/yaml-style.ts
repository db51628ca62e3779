import {
  type CreateNodeOptions,
  Document,
  type DocumentOptions,
  Scalar,
  type SchemaOptions,
  type ToStringOptions,
} from 'yaml';
import { isList, type Json } from '../../core/json.ts';
import { lineStart } from '../text/text-edit.ts';
import { lineEnd } from '../text/text-lines.ts';
import { isObject } from './value.ts';
import type { YamlNode } from './yaml-tree.ts';

/** The YAML style of a file, so that inserted parts look like the rest. */
export interface YamlStyle {
  /** Spaces of one level. */
  readonly indent: number;
  /** Whether lists in mappings are indented. */
  readonly indentSeq: boolean;
  readonly eol: string;
  readonly singleQuote: boolean;
  /** Whether strings of several lines are written as blocks; otherwise in quotes. */
  readonly blocks: boolean;
  /** Whether the empty lines after a removed part stay. */
  readonly emptyLines: boolean;
}

/** The style of a string; `indent` is used if the string has no indentation. */
export function yamlStyle(text: string, tree: YamlNode | undefined, indent: number): YamlStyle {
  const found: { indent?: number; indentSeq?: boolean } = {};
  let quotes = 0;
  const look = (node: YamlNode, column: number | undefined): void => {
    if (node.quoting === Scalar.QUOTE_SINGLE) quotes++;
    if (node.quoting === Scalar.QUOTE_DOUBLE) quotes--;
    const first = node.entries[0];
    const own = node.flow || first === undefined ? undefined : columnOf(text, first.start);
    if (own !== undefined && column !== undefined) {
      if (node.kind === 'map' && own > column) found.indent ??= own - column;
      if (node.kind === 'seq') found.indentSeq ??= own > column;
    }
    // The content of a list follows a dash, which does not show the indentation of levels.
    for (const entry of node.entries) if (entry.node) look(entry.node, node.kind === 'map' ? own : undefined);
  };
  if (tree !== undefined) look(tree, undefined);
  return {
    indent: found.indent ?? indent,
    indentSeq: found.indentSeq ?? true,
    eol: lineEnd(text),
    singleQuote: quotes > 0,
    blocks: true,
    emptyLines: true,
  };
}

/** The column of an offset in its line. */
export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** `name: value`, for insertion at a column: all lines except the first are indented to it. */
export function memberText(name: string, value: Json, column: number, style: YamlStyle, quoting?: Scalar.Type): string {
  return indented(written(new Map([[name, nodeOf(value, quoting)]]), style), column, style);
}

/** `- value`, for insertion at a column. */
export function itemText(value: Json, column: number, style: YamlStyle, quoting?: Scalar.Type): string {
  return indented(written([nodeOf(value, quoting)], style), column, style);
}

/** A value inside of `{}` or `[]`: always on one line. */
export function flowText(value: Json, style: YamlStyle, quoting?: Scalar.Type): string {
  if (isList(value)) return `[${value.map((one) => flowText(one, style)).join(', ')}]`;
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([name, one]) => flowMember(name, one, style))
      .join(', ')}}`;
  const text = written([nodeOf(value, quoting)], style, true)
    .replace(/^\[ ?/, '')
    .replace(/ ?\]$/, '');
  return text.includes('\n') ? JSON.stringify(value) : text;
}

/** `name: value` inside of `{}`. */
export function flowMember(name: string, value: Json, style: YamlStyle): string {
  return `${flowText(name, style)}: ${flowText(value, style)}`;
}

/** A whole document. */
export function documentText(value: Json, style: YamlStyle): string {
  return written(value, style).replaceAll('\n', style.eol) + style.eol;
}

function nodeOf(value: Json, quoting: Scalar.Type | undefined): unknown {
  const quoted = quoting === Scalar.QUOTE_SINGLE || quoting === Scalar.QUOTE_DOUBLE;
  if (typeof value !== 'string' || !quoted) return value;
  const scalar = new Scalar(value);
  scalar.type = quoting;
  return scalar;
}

/** Without its final line end. Strings that YAML 1.1 reads as other types are quoted: most tools use that version. */
function written(value: unknown, style: YamlStyle, flow = false): string {
  const options: DocumentOptions & SchemaOptions & CreateNodeOptions & ToStringOptions = {
    compat: 'yaml-1.1',
    aliasDuplicateObjects: false,
    indent: style.indent,
    indentSeq: style.indentSeq,
    lineWidth: 0,
    singleQuote: style.singleQuote ? true : null,
    blockQuote: style.blocks ? 'literal' : false,
    collectionStyle: flow ? 'flow' : 'any',
  };
  return new Document(value, options).toString(options).replace(/\n$/, '');
}

function indented(text: string, column: number, { eol }: YamlStyle): string {
  const [first = '', ...rest] = text.split('\n');
  return [first, ...rest.map((line) => (line === '' ? '' : ' '.repeat(column) + line))].join(eol);
}
