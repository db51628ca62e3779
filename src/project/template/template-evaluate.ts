import type { HealError } from '../../core/errors.ts';
import type { Place } from '../../core/place.ts';
import type { Value, Variables } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import { isList, isMapping, revealed, typeName } from '../variables/value.ts';
import { usage } from '../yaml/problems.ts';
import { didYouMean } from '../yaml/spelling.ts';
import { helpers, isTrue } from './helpers.ts';
import { Pending } from './pending.ts';
import type { Call, Expression, Path, Piece } from './template-tree.ts';

type Block = Exclude<Piece, { kind: 'text' | 'value' }>;

/** What a template can access while it is rendered. */
interface Scope {
  readonly variables: Variables;
  readonly placeOf: (index: number) => Place;
  /** Items of the enclosing `each` and `with`, the nearest last. */
  readonly contexts: readonly Value[];
  readonly params: Readonly<Record<string, Value>>;
  /** `@index` and similar values of the enclosing `each`, the nearest last. */
  readonly frames: readonly Readonly<Record<string, Value>>[];
}

/** Renders to a string; a Secret anywhere in it makes all of it a Secret. Throws HealError, or Pending. */
export function renderPieces(
  pieces: readonly Piece[],
  variables: Variables,
  placeOf: (index: number) => Place,
): string | Secret {
  const out: (string | Secret)[] = [];
  render(pieces, { variables, placeOf, contexts: [], params: {}, frames: [] }, out);
  if (!out.some((part) => part instanceof Secret)) return out.join('');
  return new Secret(out.map((part) => (part instanceof Secret ? part.reveal() : part)).join(''));
}

/** The value of a whole expression, with its type. Throws HealError, or Pending. */
export function expressionValue(
  expression: Expression,
  variables: Variables,
  placeOf: (index: number) => Place,
): Value {
  return strict(expression, { variables, placeOf, contexts: [], params: {}, frames: [] });
}

function render(pieces: readonly Piece[], scope: Scope, out: (string | Secret)[]): void {
  for (const piece of pieces) {
    if (piece.kind === 'text') out.push(piece.text);
    else if (piece.kind === 'value') out.push(asText(piece.expression, scope));
    else renderBlock(piece, scope, out);
  }
}

function renderBlock(piece: Block, scope: Scope, out: (string | Secret)[]): void {
  const subject = strict(piece.subject, scope);
  if (piece.kind === 'each') renderEach(piece, subject, scope, out);
  else if (piece.kind === 'with') {
    if (isTrue(subject)) render(piece.body, entered(scope, piece.params, [subject]), out);
    else render(piece.otherwise, scope, out);
  } else {
    const holds = isTrue(subject) || (piece.includeZero && subject === 0);
    render(holds === (piece.kind === 'if') ? piece.body : piece.otherwise, scope, out);
  }
}

function renderEach(piece: Block, subject: Value, scope: Scope, out: (string | Secret)[]): void {
  if (!isList(subject) && !isMapping(subject) && subject !== null) {
    const at = scope.placeOf(piece.subject.at);
    throw usage(`#each goes through a list or a mapping, not ${typeName(subject)}`, at, 'make it a list');
  }
  const entries: (readonly [string | number, Value])[] = isList(subject)
    ? subject.map((item, index) => [index, item])
    : Object.entries(subject ?? {});
  if (entries.length === 0) render(piece.otherwise, scope, out);
  entries.forEach(([key, item], index) => {
    const frame = { key, index, first: index === 0, last: index === entries.length - 1 };
    const inside = entered(scope, piece.params, [item, key]);
    render(piece.body, { ...inside, frames: [...scope.frames, frame] }, out);
  });
}

function entered(scope: Scope, names: readonly string[], values: readonly [Value, ...Value[]]): Scope {
  const params = { ...scope.params };
  names.forEach((name, index) => {
    const value = values[index];
    if (value !== undefined) params[name] = value;
  });
  return { ...scope, contexts: [...scope.contexts, values[0]], params };
}

function asText(expression: Expression, scope: Scope): string | Secret {
  const value = strict(expression, scope);
  if (typeof value === 'string' || value instanceof Secret) return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const name = expression.kind === 'path' ? expression.shown : 'it';
  const hint =
    value === null
      ? `write {{default ${name} "..."}}`
      : `write {{json ${name}}}, {{yaml ${name}}} or {{join ${name} " "}}`;
  throw usage(`${name} is ${typeName(value)}, which cannot be part of a string`, scope.placeOf(expression.at), hint);
}

function strict(expression: Expression, scope: Scope): Value {
  const value = evaluate(expression, scope, false);
  // Only a lenient evaluation returns undefined.
  return value ?? null;
}

function evaluate(expression: Expression, scope: Scope, lenient: boolean): Value | undefined {
  if (expression.kind === 'literal') return expression.value;
  return expression.kind === 'call' ? call(expression, scope) : lookUp(expression, scope, lenient);
}

function call(expression: Call, scope: Scope): Value {
  const helper = helpers[expression.helper];
  if (helper === undefined) throw new Error(`helper ${expression.helper} was checked before`);
  let secret = false;
  const opened = (value: Value | undefined): Value | undefined => {
    if (helper.sealed || value === undefined) return value;
    const open = revealed(value);
    secret ||= open.secret;
    return open.value;
  };
  const args = expression.args.map((arg) => opened(evaluate(arg, scope, helper.lenient === true)));
  const hash = Object.fromEntries(Object.entries(expression.hash).map(([key, value]) => [key, strict(value, scope)]));
  let result: Value;
  try {
    result = helper.run(args, hash);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usage(`${expression.helper}: ${why}`, scope.placeOf(expression.at), helper.usage, error);
  }
  return secret ? sealed(result) : result;
}

/** A helper's result from a secret is also a secret, item by item. */
function sealed(value: Value): Value {
  if (typeof value === 'string') return new Secret(value);
  return isList(value) ? value.map(sealed) : value;
}

function lookUp(path: Path, scope: Scope, lenient: boolean): Value | undefined {
  let value = rootValue(path, scope);
  let shown = path.root.kind === 'variable' || path.root.kind === 'param' ? path.root.name : 'this';
  if (value === undefined) {
    if (lenient) return undefined;
    throw undefinedName(path, scope);
  }
  for (const member of path.members) {
    const found = memberOf(value, member.name);
    if (found === undefined) {
      if (lenient) return undefined;
      throw missing(path, shown, value, member, scope);
    }
    value = found;
    shown = shown === 'this' ? member.name : `${shown}.${member.name}`;
  }
  return value;
}

function rootValue(path: Path, scope: Scope): Value | undefined {
  const { root } = path;
  switch (root.kind) {
    case 'variable': {
      const found = scope.variables.lookup(root.name);
      if (found?.kind === 'pending') throw new Pending(found.names);
      return found?.value;
    }
    case 'context':
      return scope.contexts.at(-1 - root.depth);
    case 'param':
      return scope.params[root.name];
    case 'data':
      return scope.frames.at(-1 - root.depth)?.[root.name];
  }
}

/** An own property: a template can't access the built-in properties of objects, lists and strings, except `length`. */
function memberOf(value: Value, name: string): Value | undefined {
  if ((typeof value === 'string' || isList(value)) && name === 'length') return value.length;
  if (!isList(value) && !isMapping(value)) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

function undefinedName(path: Path, scope: Scope): HealError {
  const name = path.root.kind === 'variable' ? path.root.name : path.shown;
  const hint = didYouMean(name, scope.variables.names(), `define it, or write {{default ${name} "..."}}`);
  return usage(`"${name}" is not defined`, scope.placeOf(path.at), hint);
}

function missing(path: Path, shown: string, value: Value, member: Path['members'][number], scope: Scope): HealError {
  const at = scope.placeOf(member.at);
  if (!isMapping(value) && !isList(value)) {
    return usage(`${shown} is ${typeName(value)} and has no key "${member.name}"`, at, 'check its value');
  }
  if (path.root.kind === 'context' && path.members[0] === member) {
    const outside = scope.variables.names().includes(member.name);
    const hint = outside ? `a variable is written @root.${member.name} inside of #each and #with` : undefined;
    return usage(
      `the item has no key "${member.name}"`,
      at,
      hint ?? didYouMean(member.name, Object.keys(value), 'check its name'),
    );
  }
  const otherwise = `write {{default ${path.shown} "..."}} where it may be missing`;
  return usage(`${shown} has no key "${member.name}"`, at, didYouMean(member.name, Object.keys(value), otherwise));
}
