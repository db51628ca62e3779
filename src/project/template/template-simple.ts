import type { Place } from '../../core/place.ts';
import type { Piece, Reference, Syntax } from './template-tree.ts';

const simpleExpression = /\{\{ *([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*) *\}\}/g;
const literals = new Set(['true', 'false', 'null', 'undefined', 'else', 'this', 'as']);

/** Most templates contain only plain names: read without Handlebars, whose parser needs some 60 us for each. */
export function parseSimple(text: string, placeOf: (index: number) => Place): Syntax | undefined {
  const pieces: Piece[] = [];
  const references: Reference[] = [];
  let done = 0;
  const push = (end: number): boolean => {
    const between = text.slice(done, end);
    if (between !== '') pieces.push({ kind: 'text', text: between });
    // A backslash escapes the next character, and any other brace needs the whole grammar.
    return !/\{\{|\\$|\{$/.test(between);
  };
  for (const found of text.matchAll(simpleExpression)) {
    const [whole, shown = ''] = found;
    if (!push(found.index) || text[found.index + whole.length] === '}') return undefined;
    done = found.index + whole.length;
    const at = found.index + whole.indexOf(shown);
    const [name = '', ...rest] = shown.split('.');
    if (literals.has(name)) return undefined;
    let from = at + name.length;
    const members = rest.map((member) => {
      from += 1;
      const start = from;
      from += member.length;
      return { name: member, at: start };
    });
    references.push({ name, at: placeOf(at), optional: false });
    pieces.push({ kind: 'value', expression: { kind: 'path', at, shown, root: { kind: 'variable', name }, members } });
  }
  return push(text.length) ? { pieces, references } : undefined;
}
