import { HealError } from '../../core/errors.ts';
import { isList, type Json } from '../../core/json.ts';
import { indentBefore, lineStart, type TextEdit } from '../text/text-edit.ts';
import { alignment } from './list-alignment.ts';
import { isObject, member, sameValue } from './value.ts';
import { columnOf, documentText, flowMember, flowText, itemText, memberText, type YamlStyle } from './yaml-style.ts';
import type { YamlEntry, YamlNode } from './yaml-tree.ts';

/** The context of an edit: the text, and the style of new parts. */
interface Page {
  readonly text: string;
  readonly style: YamlStyle;
}

/** The edits that change the value of a string. Parts that have the desired value are not touched. */
export function yamlEdits(text: string, tree: YamlNode, wanted: Json, style: YamlStyle): TextEdit[] {
  const page = { text, style };
  const inside = insideEdits(page, tree, wanted);
  if (inside !== undefined) return inside;
  const whole = tree.flow ? flowText(wanted, style) : documentText(wanted, style).trimEnd();
  return [{ start: tree.start, end: tree.end, text: whole }];
}

/** The changes of a container's entries. */
interface Changes {
  readonly kept: readonly (readonly [entry: YamlEntry, value: Json])[];
  readonly removed: readonly YamlEntry[];
  /** New entries, with a name if they are keys of a mapping. */
  readonly added: readonly (readonly [name: string | undefined, value: Json])[];
  /** The new entries are inserted before this one; undefined puts them at the end. */
  readonly before: YamlEntry | undefined;
}

/** Edits of a container's entries; undefined if it must be replaced as a whole. */
function insideEdits(page: Page, node: YamlNode, wanted: Json): TextEdit[] | undefined {
  if (sameValue(node.value, wanted)) return [];
  const changes = changesOf(node, wanted);
  if (changes === undefined) return undefined;
  const last = node.entries.findLast((entry) => !changes.removed.includes(entry));
  if (last === undefined) return undefined;
  const edits = changes.kept.flatMap(([entry, value]) => entryEdits(page, node, entry, value));
  edits.push(...(node.flow ? flowChanges : blockChanges)(page, node, changes, last));
  return edits;
}

function changesOf(node: YamlNode, wanted: Json): Changes | undefined {
  const { entries, value } = node;
  if (node.kind === 'map' && isObject(wanted) && isObject(value)) {
    const names = new Set(entries.map(({ name }) => name));
    return {
      kept: entries.flatMap((entry) => {
        const desired = entry.name === undefined ? undefined : member(wanted, entry.name);
        return desired === undefined ? [] : [[entry, desired] as const];
      }),
      removed: entries.filter(({ name }) => name !== undefined && !Object.hasOwn(wanted, name)),
      // A value inherited through `<<` exists without being written here.
      added: Object.entries(wanted).filter(([name, one]) => !names.has(name) && !sameValue(one, member(value, name))),
      before: undefined,
    };
  }
  if (node.kind !== 'seq' || !isList(wanted) || !isList(value)) return undefined;
  const aligned = alignment(value, wanted);
  return {
    kept: aligned.kept.flatMap(([i, j]) =>
      entries[i] === undefined ? [] : [[entries[i], wanted[j] ?? null] as const],
    ),
    removed: entries.filter((_, i) => aligned.removed.includes(i)),
    added: aligned.added.map((j) => [undefined, wanted[j] ?? null]),
    before: aligned.before === undefined ? undefined : entries[aligned.before],
  };
}

function blockChanges({ text, style }: Page, node: YamlNode, changes: Changes, last: YamlEntry): TextEdit[] {
  const { entries } = node;
  const column = columnOf(text, entries[0]?.start ?? node.start);
  const gap = style.eol + ' '.repeat(column);
  const words = changes.added.map(([name, value]) =>
    name === undefined ? itemText(value, column, style) : memberText(name, value, column, style),
  );
  const edits = changes.removed.map((entry) => blockRemoval({ text, style }, entries, entry));
  if (words.length === 0) return edits;
  const { before } = changes;
  if (before !== undefined)
    return [...edits, { start: before.start, end: before.start, text: words.map((word) => word + gap).join('') }];
  // On a separate line after the last entry, which may itself be removed.
  const content = restOfLine(text, last.end) ?? last.end;
  const start = content + lineEndAt(text, content);
  const put = words.map((word) =>
    start === content ? gap + word : `${gap.slice(style.eol.length)}${word}${style.eol}`,
  );
  return [...edits, { start, end: start, text: put.join('') }];
}

/** Removes an entry with its lines and the comment after it; comments above it stay. */
function blockRemoval({ text, style }: Page, entries: readonly YamlEntry[], entry: YamlEntry): TextEdit {
  const next = entries[entries.indexOf(entry) + 1];
  // After the dash of a list entry, the first key of a mapping shares its line.
  if (indentBefore(text, entry.start) === undefined && next !== undefined)
    return { start: entry.start, end: next.start, text: '' };
  const content = restOfLine(text, entry.end) ?? entry.end;
  const line = content + lineEndAt(text, content);
  const end = style.emptyLines ? line : emptyLinesEnd(text, line);
  const start = lineStart(text, entry.start);
  // If the last line of a string has no final newline, its removal includes the previous line end.
  const cut = end === content ? (/\r?\n$/.exec(text.slice(Math.max(0, start - 2), start))?.[0].length ?? 0) : 0;
  return { start: start - cut, end, text: '' };
}

function flowChanges({ text, style }: Page, node: YamlNode, changes: Changes, last: YamlEntry): TextEdit[] {
  const { entries } = node;
  const edits = changes.removed.map((entry): TextEdit => {
    const i = entries.indexOf(entry);
    const next = entries[i + 1];
    if (next !== undefined && entries.slice(i).some((one) => !changes.removed.includes(one)))
      return { start: entry.start, end: next.start, text: '' };
    return { start: last.end, end: entry.end, text: '' };
  });
  const words = changes.added.map(([name, value]) =>
    name === undefined ? flowText(value, style) : flowMember(name, value, style),
  );
  if (words.length === 0) return edits;
  const { before } = changes;
  const indent = indentBefore(text, (before ?? last).start);
  const gap = indent === undefined ? ' ' : style.eol + indent;
  if (before !== undefined)
    return [...edits, { start: before.start, end: before.start, text: words.map((word) => `${word},${gap}`).join('') }];
  return [...edits, { start: last.end, end: last.end, text: words.map((word) => `,${gap}${word}`).join('') }];
}

/** Gives one entry another value: by edits inside it if possible, otherwise by replacing its whole text. */
function entryEdits(page: Page, parent: YamlNode, entry: YamlEntry, wanted: Json): TextEdit[] {
  const { node, head } = entry;
  if (sameValue(node === undefined ? null : node.value, wanted)) return [];
  const inside = node === undefined ? undefined : insideEdits(page, node, wanted);
  if (inside !== undefined) return inside;
  const { text, style } = page;
  if (parent.flow) {
    const value = flowText(wanted, style, node?.quoting);
    if (node !== undefined) return [{ start: node.start, end: node.end, text: value }];
    const colon = head === undefined && parent.kind === 'map' ? ':' : '';
    return [{ start: entry.end, end: entry.end, text: `${colon} ${value}` }];
  }
  if (head === undefined) {
    throw new HealError('failed', 'a "? key" without a value can not be edited in place', { hint: 'write it as key:' });
  }
  const column = columnOf(text, parent.entries[0]?.start ?? parent.start);
  const written =
    parent.kind === 'seq'
      ? itemText(wanted, column, style, node?.quoting).slice(1)
      : memberText('k', wanted, column, style, node?.quoting).slice(2);
  return replacement(text, head, node, written);
}

/** Puts ` value` or the lines of a block after a colon or dash; a comment there stays on its line. */
function replacement(text: string, head: number, node: YamlNode | undefined, written: string): TextEdit[] {
  const block = /^\r?\n/.test(written);
  const line = restOfLine(text, head);
  if (node === undefined || line !== undefined) {
    // This line contains only a comment: the value, if any, is on the next lines.
    const end = line ?? head;
    const at = block ? end : head;
    const gone = node === undefined ? [] : [{ start: end, end: node.end, text: '' }];
    return [{ start: at, end: at, text: written }, ...gone];
  }
  const end = block ? (restOfLine(text, node.end) ?? node.end) : head;
  return [
    { start: head, end: node.end, text: block ? '' : written },
    ...(block ? [{ start: end, end, text: written }] : []),
  ];
}

/** The length of the line end at an offset: 0 at the end of the text. */
function lineEndAt(text: string, offset: number): number {
  return /^\r?\n/.exec(text.slice(offset, offset + 2))?.[0].length ?? 0;
}

/** Where the empty lines that begin at an offset end. */
function emptyLinesEnd(text: string, from: number): number {
  const lines = /(?:[ \t]*\r?\n)*/y;
  lines.lastIndex = from;
  return lines.test(text) ? lines.lastIndex : from;
}

/** Where a line ends that contains only spaces and a comment after this offset, without its line end. */
function restOfLine(text: string, from: number): number | undefined {
  const rest = /[ \t]*(?:(?<=[ \t]|^)#[^\r\n]*)?(?=\r?\n|$)/y;
  rest.lastIndex = from;
  return rest.test(text) ? rest.lastIndex : undefined;
}
