/** A template with the indexes that Handlebars does not know replaced. */
export interface Indexed {
  readonly text: string;
  /** The offset in the original text of an offset in this one. */
  readonly original: (offset: number) => number;
}

/** A mustache, as Handlebars' own lexer finds its end: at the next `}}`. */
const mustache = /\{\{[^{!].*?\}\}/gs;
/** A string, which remains as it is, or a path with an index in it. */
const stringOrPath =
  /(["'])(?:\\.|(?!\1).)*\1|(?<!\w)[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\.\d+(?!\w)|\.?\[(?:\d+|'[^'\]]*'|"[^"\]]*")\])+/gs;
const index = /\.(\d+)(?!\w)|\.?\[(\d+)\]|\.?\['([^'\]]*)'\]|\.?\["([^"\]]*)"\]/g;
/** What Handlebars shows as it is: in these a mustache may be no expression. */
const literal = /\{\{\{\{|\\\{\{|\{\{~?!/;

/**
 * The indexes and keys of Jinja (`list.0`, `list[0]`, `map['a b']`) in Handlebars' spelling (`list.[0]`, `map.[a b]`); undefined if
 * the template has none. Only for a template that Handlebars does not accept as it is.
 */
export function withIndexes(template: string): Indexed | undefined {
  if (literal.test(template)) return undefined;
  const changes: Change[] = [];
  let text = '';
  let done = 0;
  for (const { 0: expression, index: start } of template.matchAll(mustache)) {
    for (const { 0: path, 1: quote, index: inside } of expression.matchAll(stringOrPath)) {
      if (quote !== undefined) continue;
      for (const found of path.matchAll(index)) {
        const [was, ...keys] = found;
        const from = start + inside + found.index;
        const by = `.[${keys.find((key) => key !== undefined)}]`;
        text += template.slice(done, from);
        changes.push({ from, fromEnd: from + was.length, to: text.length, toEnd: text.length + by.length });
        text += by;
        done = from + was.length;
      }
    }
  }
  if (changes.length === 0) return undefined;
  return {
    text: text + template.slice(done),
    original(offset) {
      const last = changes.findLast(({ to }) => to <= offset);
      if (last === undefined) return offset;
      // In an index: its second character, after the dot or bracket.
      return offset < last.toEnd ? last.from + Math.min(1, offset - last.to) : last.fromEnd + offset - last.toEnd;
    },
  };
}

/** An index at `from` in the original text, and at `to` in the new one. */
interface Change {
  readonly from: number;
  readonly fromEnd: number;
  readonly to: number;
  readonly toEnd: number;
}
