import Handlebars from 'handlebars';
import type { Place } from '../../core/place.ts';
import { usage } from '../yaml/problems.ts';
import { type Indexed, withIndexes } from './template-indexes.ts';

/** Handlebars' own tree of a template, with the text and the offsets that its positions refer to. */
export interface Parsed extends Indexed {
  readonly tree: hbs.AST.Program;
}

/** Parses a template. Throws a usage HealError that describes the expected syntax, with a caret. */
export function handlebarsTree(text: string, placeOf: (index: number) => Place): Parsed {
  try {
    return { tree: Handlebars.parse(text), text, original: (offset) => offset };
  } catch (error) {
    const indexed = parsedWithIndexes(text);
    if (indexed !== undefined) return indexed;
    if (!(error instanceof Error)) throw error;
    const offset = offsetOfParseError(text, error);
    const { message, hint } = explain(text, offset, error.message);
    throw usage(message, placeOf(offset), hint, error);
  }
}

function parsedWithIndexes(text: string): Parsed | undefined {
  const indexed = withIndexes(text);
  try {
    return indexed && { ...indexed, tree: Handlebars.parse(indexed.text) };
  } catch {
    // The error of the template as it was written is the better one.
    return undefined;
  }
}

/** Handlebars reports a line, some text before the error and a pointer; the offset is where these meet. */
function offsetOfParseError(text: string, error: Error): number {
  const starts = lineStarts(text);
  const located = /^(?:.*) - (\d+):(\d+)$/.exec(error.message);
  if (located !== null) return (starts[Number(located[1]) - 1] ?? 0) + Number(located[2]);
  const [, line, shown, pointer] = /on line (\d+):\n(.*)\n(-*)\^/.exec(error.message) ?? [];
  if (line === undefined || shown === undefined || pointer === undefined) return 0;
  const before = shown.slice(0, pointer.length).replace(/^\.\.\./, '');
  const flat: number[] = [];
  for (let at = 0; at < text.length; at++) if (text[at] !== '\n') flat.push(at);
  const joined = text.replaceAll('\n', '');
  const wanted = before + shown.slice(pointer.length).replace(/\.\.\.$/, '');
  const first = flat.findIndex((at) => at >= (starts[Number(line) - 1] ?? 0));
  const found = joined.indexOf(wanted, Math.max(0, first - before.length));
  const index = found < 0 ? first : found + before.length;
  return flat[index] ?? Math.max(0, text.length - 1);
}

function explain(text: string, offset: number, message: string): { message: string; hint: string } {
  const mismatch = /^(.*) doesn't match (.*) - \d+:\d+$/.exec(message);
  if (mismatch !== null)
    return { message: `{{#${mismatch[1]}}} is closed by {{/${mismatch[2]}}}`, hint: `close it by {{/${mismatch[1]}}}` };
  const open = text.lastIndexOf('{{', offset);
  const close = text.indexOf('}}', Math.max(open, 0));
  const inner = open < 0 ? '' : text.slice(open + 2, close < 0 ? undefined : close);
  if (/got 'EOF'/.test(message) && close >= 0)
    return { message: 'a block is not closed', hint: 'end it with {{/if}}, {{/each}}, {{/unless}} or {{/with}}' };
  if (close < 0)
    return { message: '{{ is not closed', hint: 'write }} after the name; write \\{{ for a {{ that is not a template' };
  if (/^[^"']*\|/.test(inner))
    return { message: 'there are no filters', hint: 'a helper comes first: {{upper name}}, {{default name "x"}}' };
  if (/[=!<>]=|[<>+*/]|\band\b|\bor\b/.test(inner)) {
    return {
      message: 'there are no operators in a template',
      hint: 'use helpers, as in {{#if (eq a b)}}, or a condition in when',
    };
  }
  if (/\w\s*\[|\.\d/.test(inner)) {
    return {
      message: 'an index is not written like this',
      hint: 'write list.[0], or {{lookup list n}} if the index is in a variable',
    };
  }
  if (/^\s*\./.test(inner))
    return { message: 'a name begins with a dot', hint: 'write \\{{ for a {{ that is not a template' };
  return {
    message: 'this is not a template expression',
    hint: 'write {{name}}, {{helper name}}, or \\{{ if no template is meant',
  };
}

/** Offsets of the starts of the lines of a string. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
