import { type ASTNode, Environment, EvaluationError, ParseError, type ParseResult } from '@marcbachmann/cel-js';
import type { Place } from '../../core/place.ts';
import type { Condition, Evaluated, Variables } from '../../core/playbook.ts';
import { masker, type Secret } from '../../core/secret.ts';
import { own } from '../variables/value.ts';
import { usage } from '../yaml/problems.ts';
import type { Node, ScalarNode } from '../yaml/yaml-file.ts';
import { toCel } from './cel-values.ts';
import { evaluated, Pending } from './pending.ts';
import type { Reference } from './template-tree.ts';

/** A Condition with the position of each name in it, for the check before the run. */
export interface CompiledCondition extends Condition {
  readonly references: readonly Reference[];
}

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });

/** Macros whose first argument declares a new name. */
const binders = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/**
 * Compiles a condition: `true`, `false`, or a CEL expression with a boolean result. Syntax and, as far as they can be known,
 * types are checked here. Throws a usage HealError with the Place inside the expression.
 */
export function compileCondition(node: Node, what: string): CompiledCondition {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return fixed(node.value, node.at);
  if (node.kind !== 'scalar' || typeof node.value !== 'string') {
    throw usage(`${what} must be a condition`, node.at, 'write a CEL expression, as in: port > 1024 && enabled');
  }
  return compileExpression(node, node.value, what);
}

/** Compiles one condition or a list of them, all of which must be true. Throws a usage HealError. */
export function compileConditions(node: Node, what: string): CompiledCondition[] {
  if (node.kind === 'list') return node.items.map((item) => compileCondition(item, what));
  return [compileCondition(node, what)];
}

function fixed(value: boolean, at: Place): CompiledCondition {
  return { at, source: String(value), inputs: [], references: [], evaluate: () => ({ kind: 'value', value }) };
}

function compileExpression(node: ScalarNode, source: string, what: string): CompiledCondition {
  if (source.trim() === '') throw usage(`${what} is empty`, node.at, 'write a CEL expression, or true');
  if (source.includes('{{')) {
    throw usage(
      `${what} contains {{ }}`,
      node.placeOf(source.indexOf('{{')),
      'a condition is an expression already: write the name bare',
    );
  }
  const parsed = parse(node, source);
  const references = namesIn(parsed.ast, node);
  const check = parsed.check();
  if (!check.valid) throw celError(check.error, node, source);
  const type = check.type ?? 'dyn';
  if (type !== 'bool' && type !== 'dyn') {
    throw usage(`${what} gives ${article(type)}, not a boolean`, node.at, 'write a comparison, such as x == 1');
  }
  const inputs = [...new Set(references.map((reference) => reference.name))];
  const evaluate = (variables: Variables): Evaluated<boolean> =>
    evaluated(() => holds(parsed, inputs, variables, node, what));
  return { at: node.at, source, inputs, references, evaluate };
}

function parse(node: ScalarNode, source: string): ParseResult {
  try {
    return environment.parse(source);
  } catch (error) {
    throw celError(error, node, source);
  }
}

function holds(
  parsed: ParseResult,
  inputs: readonly string[],
  variables: Variables,
  node: ScalarNode,
  what: string,
): boolean {
  const waits = new Set<string>();
  const secrets: Secret[] = [];
  const context = {};
  for (const name of inputs) {
    const get = (): unknown => {
      const found = variables.lookup(name);
      if (found === undefined) throw usage(`"${name}" is not defined`, node.at, 'define it');
      if (found.kind === 'value') return toCel(found.value, (secret) => secrets.push(secret));
      for (const one of found.names) waits.add(one);
      throw new Pending(found.names);
    };
    Object.defineProperty(context, name, { enumerable: true, get });
  }
  let result: unknown;
  try {
    result = parsed(context);
  } catch (error) {
    // CEL's && and || keep only one of two errors; while a name is pending the other error is not final.
    if (waits.size > 0) throw new Pending([...waits]);
    if (error instanceof EvaluationError) throw celError(error, node, String(node.value), secrets);
    throw error;
  }
  if (typeof result === 'boolean') return result;
  throw usage(`${what} gives ${article(typeOf(result))}, not a boolean`, node.at, 'write a comparison, such as x == 1');
}

/** Every name of a variable at any position: also on a side that `&&` would never evaluate. */
function namesIn(ast: ASTNode, node: ScalarNode): Reference[] {
  const found: Reference[] = [];
  const walk = (part: ASTNode, own: readonly string[]): void => {
    if (part.op === 'id') {
      const name = part.args;
      if (own.includes(name) || environment.hasVariable(name)) return;
      found.push({ name, at: node.placeOf(part.start), optional: false });
    } else if (part.op === 'rcall') {
      const [method, receiver, args] = part.args;
      const [first, ...rest] = args;
      walk(receiver, own);
      if (first?.op === 'id' && binders.has(method)) for (const arg of rest) walk(arg, [...own, first.args]);
      else if (first?.op === 'id' && method === 'bind')
        for (const [at, arg] of rest.entries()) walk(arg, at === 0 ? own : [...own, first.args]);
      else for (const arg of args) walk(arg, own);
    } else for (const child of nodesIn(part.args)) walk(child, own);
  };
  walk(ast, []);
  return found;
}

function* nodesIn(args: unknown): Generator<ASTNode> {
  if (Array.isArray(args)) for (const arg of args) yield* nodesIn(arg);
  else if (isAst(args)) yield args;
}

function isAst(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value && 'start' in value;
}

function celError(error: unknown, node: ScalarNode, source: string, secrets: readonly Secret[] = []): Error {
  if (!(error instanceof Error)) return usage('the condition is wrong', node.at);
  const summary = 'summary' in error ? String(error.summary) : error.message;
  const range = 'range' in error ? error.range : undefined;
  const start = typeof range === 'object' && range !== null && 'start' in range ? Number(range.start) : 0;
  const mask = masker(secrets);
  const message = mask(summary.charAt(0).toLowerCase() + summary.slice(1).replace(/\.$/, ''));
  return usage(message, node.placeOf(Math.min(start, source.length)), celHint(error, message, source, start), error);
}

function celHint(error: Error, message: string, source: string, start: number): string {
  if (error instanceof ParseError) {
    if (/\.$/.test(source.slice(0, start)) && /^\d/.test(source.slice(start))) return 'an index is written list[0]';
    if (/(^|[^=!<>])=([^=~]|$)/.test(source)) return 'equality is written ==';
    if (/\bis\s+(not\s+)?defined\b/.test(source))
      return 'every variable must be defined; use has(a.b) to test whether a key exists';
    if (/\bis\s+(not\s+)?(changed|failed|succeeded|success|skipped)\b/.test(source))
      return 'a result has keys: r.changed, r.failed, r.skipped';
    if (/\b(and|or|not)\b/.test(source)) return 'CEL writes && for and, || for or, ! for not';
    if (/\|/.test(source)) return 'CEL has functions and no filters: size(list), name.startsWith("x")';
    return 'conditions are CEL: a == "x" && b > 1, list.exists(x, x == 2), has(facts.os)';
  }
  if (message.startsWith('no such key')) return 'ask whether it is there first: has(a.b) && a.b == 1';
  if (/int.*double|double.*int/.test(message)) return 'convert one side: double(n), or write 1.0';
  if (message.startsWith('no such overload')) return 'convert one side: string(n), int(text), double(n)';
  if (message.startsWith('found no matching overload')) return 'CEL has no function of this name for these types';
  return 'conditions are CEL: a == "x" && b > 1, list.exists(x, x == 2), has(facts.os)';
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'double';
  return typeof value === 'object' ? 'map' : typeof value;
}

/** heal's terms for types of CEL. */
const terms: Readonly<Record<string, string>> = { int: 'integer', double: 'number', map: 'mapping' };

function article(celType: string): string {
  const type = own(terms, celType) ?? celType;
  return type === 'null' ? type : `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}
