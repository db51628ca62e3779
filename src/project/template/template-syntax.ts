/**
 * Handlebars' own parser creates the tree; this file converts it to a smaller, typed one and checks what Handlebars
 * accepts without an error: unknown helpers, numbers of arguments, `@` names, and the names of variables that it will use.
 *
 * Handlebars' code generator is not used: it would print a Secret, return every result as a string, print a missing key
 * inside a helper's arguments as nothing, and costs four times as much for templates that are rendered once. A test
 * renders the same templates with both and compares.
 */
import type { Place } from '../../core/place.ts';
import { usage } from '../yaml/problems.ts';
import { didYouMean, listed } from '../yaml/spelling.ts';
import { helpers } from './helpers.ts';
import { handlebarsTree, lineStarts, type Parsed } from './template-parse.ts';
import { parseSimple } from './template-simple.ts';
import type { Call, Expression, Path, Piece, Reference, Root, Syntax } from './template-tree.ts';

type Ast = hbs.AST.Node;

/** Parses a template. `placeOf` returns the Place of a character. Throws a usage HealError. */
export function parseTemplate(text: string, placeOf: (index: number) => Place): Syntax {
  const simple = parseSimple(text, placeOf);
  if (simple !== undefined) return simple;
  const references: Reference[] = [];
  const parsed = handlebarsTree(text, placeOf);
  const pieces = new Parsing(parsed, placeOf, references).pieces(parsed.tree, {
    contexts: 0,
    frames: 0,
    params: [],
  });
  return { pieces, references };
}

interface Scope {
  /** The number of enclosing `each` and `with`. */
  readonly contexts: number;
  readonly frames: number;
  readonly params: readonly string[];
}

const dataNames = ['index', 'key', 'first', 'last'];

class Parsing {
  readonly #parsed: Parsed;
  readonly #placeOf: (index: number) => Place;
  readonly #references: Reference[];
  #starts: number[] | undefined;

  constructor(parsed: Parsed, placeOf: (index: number) => Place, references: Reference[]) {
    this.#parsed = parsed;
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
        `#${name} expects one argument, not ${node.params.length}`,
        at,
        `put a comparison in parentheses: {{#if (eq a b)}}`,
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
    throw this.#error('undefined is not a value', this.#offset(node), 'write null, or leave it out');
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
    const members = this.#members(node);
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
        throw this.#error(`@${first.name} is defined only in #each`, start, 'move it into the block');
      return make({ kind: 'data', name: first.name, depth: node.depth }, rest);
    }
    const scoped = /^(\.\/|this\b)/.test(node.original);
    if (node.depth === 0 && !scoped && first !== undefined && scope.params.includes(first.name)) {
      return make({ kind: 'param', name: first.name }, rest);
    }
    if (node.depth > scope.contexts)
      throw this.#error(`${node.original} points outside the template`, start, 'remove a ../');
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

  /** Handlebars stores no positions of a path's parts, so they are searched for in its source string. */
  #members(node: hbs.AST.PathExpression): { name: string; at: number }[] {
    const { text, original } = this.#parsed;
    const start = this.#parsedOffset(node);
    let from = start;
    return node.parts.map((name) => {
      const found = text.indexOf(name, from);
      const at = found < 0 ? start : found;
      from = at + name.length;
      return { name, at: original(at) };
    });
  }

  #offset(node: Ast): number {
    return this.#parsed.original(this.#parsedOffset(node));
  }

  #parsedOffset(node: Ast): number {
    this.#starts ??= lineStarts(this.#parsed.text);
    return (this.#starts[node.loc.start.line - 1] ?? 0) + node.loc.start.column;
  }

  #error(message: string, offset: number, hint?: string): Error {
    return usage(message, this.#placeOf(offset), hint);
  }
}

function is<T extends Ast>(node: Ast, type: string): node is T {
  return node.type === type;
}
