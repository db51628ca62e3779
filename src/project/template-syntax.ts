/**
 * Handlebars' own parser makes the tree; this file turns it into a smaller, typed one and checks what Handlebars lets
 * pass in silence: unknown helpers, numbers of arguments, `@` names, and which names of variables it will ask for.
 *
 * Handlebars' code generator is not used: it would print a Secret, give every result as text, print a missing member
 * inside a helper's arguments as nothing, and costs four times as much for templates that are rendered once. A test
 * renders the same templates with both and compares.
 */
import Handlebars from 'handlebars';
import type { Place } from '../core/place.ts';
import type { Value } from '../core/playbook.ts';
import { helpers } from './helpers.ts';
import { usage } from './problems.ts';
import { didYouMean, listed } from './spelling.ts';

type Ast = hbs.AST.Node;

/** What an expression begins with. */
export type Root =
  | { readonly kind: 'variable'; readonly name: string }
  /** `this`, `..` or an item's member: so many contexts up from the present one. */
  | { readonly kind: 'context'; readonly depth: number }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'data'; readonly name: string; readonly depth: number };

export interface Path {
  readonly kind: 'path';
  readonly at: number;
  readonly shown: string;
  readonly root: Root;
  readonly members: readonly { readonly name: string; readonly at: number }[];
}

export interface Call {
  readonly kind: 'call';
  readonly at: number;
  readonly helper: string;
  readonly args: readonly Expression[];
  readonly hash: Readonly<Record<string, Expression>>;
}

export type Expression = { readonly kind: 'literal'; readonly at: number; readonly value: Value } | Path | Call;

/** A part of a template, in the order of the output. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly expression: Expression }
  | {
      readonly kind: 'if' | 'unless' | 'with' | 'each';
      readonly subject: Expression;
      readonly includeZero: boolean;
      readonly params: readonly string[];
      readonly body: readonly Piece[];
      readonly otherwise: readonly Piece[];
    };

/** A variable's name as a template or condition uses it. */
export interface Reference {
  readonly name: string;
  readonly at: Place;
  /** True inside `default`, which may see an undefined one. */
  readonly optional: boolean;
}

/** A parsed template; offsets count characters of its text. */
export interface Syntax {
  readonly pieces: readonly Piece[];
  readonly references: readonly Reference[];
}

/** Parses a template. `placeOf` gives the Place of a character. Throws a usage HealError. */
export function parseTemplate(text: string, placeOf: (index: number) => Place): Syntax {
  const simple = parseSimple(text, placeOf);
  if (simple !== undefined) return simple;
  const references: Reference[] = [];
  const pieces = new Parsing(text, placeOf, references).pieces(parsed(text, placeOf), {
    contexts: 0,
    frames: 0,
    params: [],
  });
  return { pieces, references };
}

const simpleExpression = /\{\{ *([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*) *\}\}/g;
const literals = new Set(['true', 'false', 'null', 'undefined', 'else', 'this', 'as']);

/** Most templates hold plain names alone: read without Handlebars, whose parser needs some 60 us for each. */
function parseSimple(text: string, placeOf: (index: number) => Place): Syntax | undefined {
  const pieces: Piece[] = [];
  const references: Reference[] = [];
  let done = 0;
  const push = (end: number): boolean => {
    const between = text.slice(done, end);
    if (between !== '') pieces.push({ kind: 'text', text: between });
    // A backslash escapes what follows, and any other brace needs the whole grammar.
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

interface Scope {
  /** How many `each` and `with` there are around. */
  readonly contexts: number;
  readonly frames: number;
  readonly params: readonly string[];
}

const dataNames = ['index', 'key', 'first', 'last'];

class Parsing {
  readonly #text: string;
  readonly #placeOf: (index: number) => Place;
  readonly #references: Reference[];
  #starts: number[] | undefined;

  constructor(text: string, placeOf: (index: number) => Place, references: Reference[]) {
    this.#text = text;
    this.#placeOf = placeOf;
    this.#references = references;
  }

  pieces(program: hbs.AST.Program | undefined, scope: Scope): Piece[] {
    return (program?.body ?? []).flatMap((node) => this.#piece(node, scope));
  }

  #piece(node: Ast, scope: Scope): Piece[] {
    if (is<hbs.AST.ContentStatement>(node, 'ContentStatement'))
      return node.value === '' ? [] : [{ kind: 'text', text: node.value }];
    if (node.type === 'CommentStatement') return [];
    if (is<hbs.AST.MustacheStatement>(node, 'MustacheStatement')) {
      return [{ kind: 'value', expression: this.#mustache(node, scope) }];
    }
    if (is<hbs.AST.BlockStatement>(node, 'BlockStatement')) return this.#block(node, scope);
    const what = node.type.startsWith('Partial') ? 'partials ({{> name}})' : 'decorators ({{* name}})';
    throw this.#error(`${what} are not supported`, this.#offset(node), 'write the text in the template itself');
  }

  #mustache(node: hbs.AST.MustacheStatement, scope: Scope): Expression {
    const path: Ast = node.path;
    const arguments_ = node.params.length > 0 || node.hash !== undefined;
    if (!is<hbs.AST.PathExpression>(path, 'PathExpression')) return this.#expression(path, scope);
    return arguments_ ? this.#call(node, path, scope) : this.#path(path, scope, false);
  }

  #block(node: hbs.AST.BlockStatement, scope: Scope): Piece[] {
    const name = node.path.original;
    const at = this.#offset(node.path);
    if (name === 'raw') return this.pieces(node.program, scope);
    if (name !== 'if' && name !== 'unless' && name !== 'with' && name !== 'each') {
      throw this.#error(
        `there is no block "${name}"`,
        at,
        didYouMean(name, ['if', 'unless', 'with', 'each'], 'blocks are #if, #unless, #each, #with and raw'),
      );
    }
    const [subject, ...more] = node.params;
    if (subject === undefined || more.length > 0) {
      throw this.#error(
        `#${name} takes one argument, not ${node.params.length}`,
        at,
        `a comparison stands in parentheses: {{#if (eq a b)}}`,
      );
    }
    if (node.program === undefined) throw this.#error(`{{^${name}}} is not supported`, at, 'write {{#unless name}}');
    const params = node.program.blockParams ?? [];
    const enters = name === 'each' || name === 'with';
    const inside: Scope = enters
      ? {
          contexts: scope.contexts + 1,
          frames: scope.frames + (name === 'each' ? 1 : 0),
          params: [...params, ...scope.params],
        }
      : scope;
    const expression = this.#expression(subject, scope);
    const includeZero = (node.hash?.pairs ?? []).some((pair) => pair.key === 'includeZero');
    const body = this.pieces(node.program, inside);
    return [
      { kind: name, subject: expression, includeZero, params, body, otherwise: this.pieces(node.inverse, scope) },
    ];
  }

  #expression(node: Ast, scope: Scope, optional = false): Expression {
    if (is<hbs.AST.PathExpression>(node, 'PathExpression')) return this.#path(node, scope, optional);
    if (is<hbs.AST.SubExpression>(node, 'SubExpression')) return this.#call(node, node.path, scope);
    if (is<hbs.AST.StringLiteral>(node, 'StringLiteral'))
      return { kind: 'literal', at: this.#offset(node), value: node.value };
    if (is<hbs.AST.NumberLiteral>(node, 'NumberLiteral'))
      return { kind: 'literal', at: this.#offset(node), value: node.value };
    if (is<hbs.AST.BooleanLiteral>(node, 'BooleanLiteral'))
      return { kind: 'literal', at: this.#offset(node), value: node.value };
    if (node.type === 'NullLiteral') return { kind: 'literal', at: this.#offset(node), value: null };
    throw this.#error('undefined is no value', this.#offset(node), 'write null, or leave it out');
  }

  #call(node: { params: Ast[]; hash?: hbs.AST.Hash }, path: hbs.AST.PathExpression, scope: Scope): Call {
    const name = path.original;
    const at = this.#offset(path);
    const helper = Object.hasOwn(helpers, name) ? helpers[name] : undefined;
    if (helper === undefined) {
      const known = Object.keys(helpers);
      throw this.#error(
        `there is no helper "${name}"`,
        at,
        didYouMean(name, known, `helpers are ${listed(known, 40)}`),
      );
    }
    const count = node.params.length;
    if (count < helper.least || count > helper.most) {
      const wanted = helper.least === helper.most ? `${helper.least}` : `${helper.least} to ${helper.most}`;
      throw this.#error(`${name} takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${count}`, at, helper.usage);
    }
    const hash: Record<string, Expression> = {};
    for (const pair of node.hash?.pairs ?? []) {
      if (!helper.hash?.includes(pair.key))
        throw this.#error(`${name} has no option "${pair.key}"`, this.#offset(pair), helper.usage);
      hash[pair.key] = this.#expression(pair.value, scope);
    }
    const args = node.params.map((param) => this.#expression(param, scope, helper.lenient === true));
    return { kind: 'call', at, helper: name, args, hash };
  }

  #path(node: hbs.AST.PathExpression, scope: Scope, optional: boolean): Path {
    const start = this.#offset(node);
    const members = this.#members(node, start);
    const [first, ...rest] = members;
    const make = (root: Root, of = members): Path => ({
      kind: 'path',
      at: start,
      shown: node.original,
      root,
      members: of,
    });
    if (node.data) {
      if (first?.name === 'root') return this.#variable(node, rest, start, optional);
      if (first === undefined || !dataNames.includes(first.name)) {
        throw this.#error(
          `there is no @${first?.name ?? ''}`,
          start,
          'in #each there are @index, @key, @first and @last; @root.name is a variable',
        );
      }
      if (node.depth >= scope.frames)
        throw this.#error(`@${first.name} is known in #each alone`, start, 'move it into the block');
      return make({ kind: 'data', name: first.name, depth: node.depth }, rest);
    }
    const scoped = /^(\.\/|this\b)/.test(node.original);
    if (node.depth === 0 && !scoped && first !== undefined && scope.params.includes(first.name)) {
      return make({ kind: 'param', name: first.name }, rest);
    }
    if (node.depth > scope.contexts)
      throw this.#error(`${node.original} leads out of the template`, start, 'remove a ../');
    if (node.depth === scope.contexts) return this.#variable(node, members, start, optional);
    return make({ kind: 'context', depth: node.depth });
  }

  #variable(node: hbs.AST.PathExpression, members: Path['members'], start: number, optional: boolean): Path {
    const [first, ...rest] = members;
    if (first === undefined)
      throw this.#error(`${node.original} is all variables here`, start, 'name the one that you need');
    this.#references.push({ name: first.name, at: this.#placeOf(first.at), optional });
    return {
      kind: 'path',
      at: first.at,
      shown: node.original,
      root: { kind: 'variable', name: first.name },
      members: rest,
    };
  }

  /** Handlebars keeps no places of a path's parts, so they are searched for in its text. */
  #members(node: hbs.AST.PathExpression, start: number): { name: string; at: number }[] {
    let from = start;
    return node.parts.map((name) => {
      const found = this.#text.indexOf(name, from);
      const at = found < 0 ? start : found;
      from = at + name.length;
      return { name, at };
    });
  }

  #offset(node: Ast): number {
    this.#starts ??= startsOf(this.#text);
    return (this.#starts[node.loc.start.line - 1] ?? 0) + node.loc.start.column;
  }

  #error(message: string, offset: number, hint?: string): Error {
    return usage(message, this.#placeOf(offset), hint);
  }
}

function is<T extends Ast>(node: Ast, type: string): node is T {
  return node.type === type;
}

function startsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function parsed(text: string, placeOf: (index: number) => Place): hbs.AST.Program {
  try {
    return Handlebars.parse(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const offset = offsetOfParseError(text, error);
    const { message, hint } = explain(text, offset, error.message);
    throw usage(message, placeOf(offset), hint, error);
  }
}

/** Handlebars tells a line, some text before the error and a pointer; the offset is where these meet. */
function offsetOfParseError(text: string, error: Error): number {
  const starts = startsOf(text);
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
    return { message: 'a block is not closed', hint: 'end it by {{/if}}, {{/each}}, {{/unless}} or {{/with}}' };
  if (close < 0)
    return { message: '{{ is not closed', hint: 'write }} behind the name; a {{ that is no template is written \\{{' };
  if (/^[^"']*\|/.test(inner))
    return { message: 'there are no filters', hint: 'a helper stands in front: {{upper name}}, {{default name "x"}}' };
  if (/[=!<>]=|[<>+*/]|\band\b|\bor\b/.test(inner)) {
    return {
      message: 'there are no operators in a template',
      hint: 'use helpers, as in {{#if (eq a b)}}, or a condition in when',
    };
  }
  if (/\[\s*\d+\s*\]|\.\d+/.test(inner))
    return { message: 'an index is not written like this', hint: 'write list.[0]' };
  if (/^\s*\./.test(inner))
    return { message: 'a name begins with a dot', hint: 'a {{ that is no template is written \\{{' };
  return {
    message: 'this is no template expression',
    hint: 'write {{name}}, {{helper name}}, or \\{{ where no template is meant',
  };
}
