import { isList, type Json } from '../../core/json.ts';
import { indentBefore, indentOfLine, lineStart, type TextEdit } from '../text/text-edit.ts';
import { type JsonStyle, jsonText, nameText } from './json-style.ts';
import type { JsonEntry, JsonNode } from './json-tree.ts';
import { alignment } from './list-alignment.ts';
import { isObject, member, sameValue } from './value.ts';

/** The edits that give a node of a string a new value. A node with that value is not touched. */
export function jsonEdits(text: string, node: JsonNode, wanted: Json, style: JsonStyle): TextEdit[] {
  if (sameValue(node.value, wanted)) return [];
  const { entries } = node;
  if (node.kind === 'object' && isObject(wanted)) {
    // Of several keys with the same name the last one counts; the others had no effect before, either.
    const last = new Map(entries.map(({ name }, i) => [name, i]));
    return containerEdits(text, node, wanted, style, {
      kept: [...last].flatMap(([name, i]): [number, Json][] => {
        const value = member(wanted, name);
        return value === undefined ? [] : [[i, value]];
      }),
      removed: entries.flatMap(({ name }, i) => (Object.hasOwn(wanted, name) ? [] : [i])),
      added: Object.entries(wanted).filter(([name]) => !last.has(name)),
      before: undefined,
    });
  }
  if (node.kind === 'array' && isList(wanted) && isList(node.value)) {
    const aligned = alignment(node.value, wanted);
    return containerEdits(text, node, wanted, style, {
      kept: aligned.kept.map(([i, j]) => [i, wanted[j] ?? null]),
      removed: aligned.removed,
      added: aligned.added.map((j) => [undefined, wanted[j] ?? null]),
      before: aligned.before,
    });
  }
  return [whole(text, node, wanted, style)];
}

/** The changes of a container's entries. */
interface Changes {
  readonly kept: readonly (readonly [entry: number, value: Json])[];
  readonly removed: readonly number[];
  /** New entries, with a name if they are keys of an object. */
  readonly added: readonly (readonly [name: string | undefined, value: Json])[];
  /** The new entries are inserted before this one; undefined puts them at the end. */
  readonly before: number | undefined;
}

function containerEdits(text: string, node: JsonNode, wanted: Json, style: JsonStyle, changes: Changes): TextEdit[] {
  const { entries } = node;
  const { removed, added } = changes;
  const last = entries.findLast((_, i) => !removed.includes(i));
  if (last === undefined) {
    const comment = entries.length === 0 && text.slice(node.start + 1, node.end - 1).trim() !== '';
    return comment ? behindComment(text, node, added, style) : [whole(text, node, wanted, style)];
  }
  const edits = changes.kept.flatMap(([i, value]) => {
    const entry = entries[i];
    return entry === undefined ? [] : jsonEdits(text, entry.node, value, style);
  });
  edits.push(...removed.map((i) => removal(text, entries, i)));

  const before = changes.before === undefined ? undefined : entries[changes.before];
  const near = before ?? last;
  const indent = indentBefore(text, near.start);
  const own = indent === undefined ? { ...style, lines: false } : style;
  const words = added.map(([name, value]) => entryText(name, value, own, indent ?? ''));
  const blank = style.colon === ':' ? '' : ' ';
  if (before !== undefined) {
    const gap = indent === undefined ? blank : style.eol + indent;
    edits.push({ start: before.start, end: before.start, text: words.map((word) => `${word},${gap}`).join('') });
    words.length = 0;
  }

  const trailing = entries.at(-1)?.comma !== undefined;
  const comma = words.length > 0 || trailing;
  if (comma && last.comma === undefined) edits.push({ start: last.node.end, end: last.node.end, text: ',' });
  if (!comma && last.comma !== undefined) edits.push({ start: last.comma, end: last.comma + 1, text: '' });
  if (words.length > 0) {
    const end = endOf(last);
    // A comment on the line belongs to the entry before it.
    const start = indent === undefined ? end : (restOfLine(text, end)?.content ?? end);
    const gap = indent === undefined ? blank : style.eol + indent;
    edits.push({ start, end: start, text: `${words.map((word) => gap + word).join(',')}${trailing ? ',' : ''}` });
  }
  return edits;
}

function whole(text: string, node: JsonNode, wanted: Json, style: JsonStyle): TextEdit {
  return { start: node.start, end: node.end, text: jsonText(wanted, style, indentOfLine(text, node.start)) };
}

function entryText(name: string | undefined, value: Json, style: JsonStyle, indent: string): string {
  return (name === undefined ? '' : nameText(name, style) + style.colon) + jsonText(value, style, indent);
}

/** Inserts into a container that contains only comments. */
function behindComment(text: string, node: JsonNode, added: Changes['added'], style: JsonStyle): TextEdit[] {
  const outer = indentOfLine(text, node.start);
  const indent = outer + style.indent;
  const inner = text.slice(node.start + 1, node.end - 1);
  const start = node.start + 1 + inner.trimEnd().length;
  const words = added.map(([name, value]) => style.eol + indent + entryText(name, value, style, indent));
  const end = inner.trimEnd().length < inner.length && inner.slice(inner.trimEnd().length).includes('\n');
  return [{ start, end: start, text: words.join(',') + (end ? '' : style.eol + outer) }];
}

/** Removes an entry with its comma, its lines if they contain nothing else, and the comment after it. */
function removal(text: string, entries: readonly JsonEntry[], i: number): TextEdit {
  const entry = entries[i];
  const next = entries[i + 1];
  const previous = entries[i - 1];
  if (entry === undefined) return { start: 0, end: 0, text: '' };
  const rest = restOfLine(text, endOf(entry));
  if (indentBefore(text, entry.start) !== undefined && rest !== undefined)
    return { start: lineStart(text, entry.start), end: rest.end, text: '' };
  if (next !== undefined) return { start: entry.start, end: next.start, text: '' };
  return { start: previous === undefined ? entry.start : endOf(previous), end: endOf(entry), text: '' };
}

/** After an entry and its comma. */
function endOf(entry: JsonEntry): number {
  return entry.comma === undefined ? entry.node.end : entry.comma + 1;
}

/** Where a line ends that contains only comments after this offset; `content` is without its line end. */
function restOfLine(text: string, from: number): { readonly content: number; readonly end: number } | undefined {
  const rest = /(?:[ \t]|\/\*[\s\S]*?\*\/|\/\/[^\n\r]*)*(\r?\n|\r|$)/y;
  rest.lastIndex = from;
  const match = rest.exec(text);
  if (match === null) return undefined;
  return { content: from + match[0].length - (match[1]?.length ?? 0), end: from + match[0].length };
}
