import type { Place } from '../../core/place.ts';
import type { Evaluated, Template, Value, Variables } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import type { SecretStore } from '../variables/secret-source.ts';
import { typeName } from '../variables/value.ts';
import { usage } from '../yaml/problems.ts';
import type { Node, ScalarNode } from '../yaml/yaml-file.ts';
import { evaluated, Pending } from './pending.ts';
import { expressionValue, renderPieces } from './template-evaluate.ts';
import { parseTemplate } from './template-syntax.ts';
import type { Reference } from './template-tree.ts';

/** A Template with the position of each name in it, for the check before the run. */
export interface Compiled<T = Value> extends Template<T> {
  readonly references: readonly Reference[];
}

/** The names used in a Template or Condition that was compiled here. */
export function referencesOf(compiled: object): readonly Reference[] {
  return 'references' in compiled && Array.isArray(compiled.references) ? compiled.references : [];
}

/**
 * Compiles a node: strings with `{{ }}` become templates, all other values stay unchanged. Only the content of a project's
 * files is compiled; the result of a template is a value and never read as a template again. Throws a usage HealError.
 */
export function compileNode(node: Node, secrets: SecretStore): Compiled {
  switch (node.kind) {
    case 'scalar':
      return compileScalar(node);
    case 'secret':
      return made(node.at, [], () => secrets.valueOf(node), `!secret-${node.from} ${node.name}`);
    case 'list': {
      const items = node.items.map((item) => compileNode(item, secrets));
      return all(node.at, items, (values) => values);
    }
    case 'map': {
      const members = node.entries.map((entry) => [entry.key, compileNode(entry.value, secrets)] as const);
      return all(
        node.at,
        members.map(([, member]) => member),
        (values) => Object.fromEntries(members.map(([key], index) => [key, values[index] ?? null])),
      );
    }
  }
}

/** Compiles a node with a string; numbers and booleans become strings. */
export function compileText(node: Node, secrets: SecretStore, what: string): Compiled<string> {
  if (node.kind === 'list' || node.kind === 'map')
    throw usage(`${what} must be a string`, node.at, 'write one line of text');
  const inner = compileNode(node, secrets);
  return {
    ...inner,
    evaluate: (variables) =>
      mapped(inner.evaluate(variables), (value) => {
        if (typeof value === 'string') return value;
        if (typeof value === 'number' || typeof value === 'boolean') return String(value);
        if (value instanceof Secret) return String(value);
        throw usage(`${what} must be a string, not ${typeName(value)}`, node.at, 'write one line of text');
      }),
  };
}

/**
 * Compiles the content of a template file (`.hbs`) with the same engine. `placeOf` returns the Place of a character:
 * `file.place` of its SourceFile. The result is a string, or a Secret if it contains one. Throws a usage HealError.
 */
export function compileFile(text: string, placeOf: (index: number) => Place): Compiled<string | Secret> {
  const at = placeOf(0);
  if (!text.includes('{{')) return made(at, [], () => text);
  const { pieces, references } = parseTemplate(text, placeOf);
  return made(at, references, (variables) => renderPieces(pieces, variables, placeOf));
}

/** A Template that always returns this value. */
export function constant<T>(value: T, at: Place): Compiled<T> {
  const outcome: Evaluated<T> = { kind: 'value', value };
  const source = typeof value === 'string' ? { source: value } : {};
  return { at, inputs: [], references: [], evaluate: () => outcome, ...source };
}

function compileScalar(node: ScalarNode): Compiled {
  const { value, at } = node;
  if (typeof value !== 'string' || !value.includes('{{')) return constant<Value>(value, at);
  const { pieces, references } = parseTemplate(value, node.placeOf);
  const [first, ...rest] = pieces;
  if (first?.kind === 'value' && rest.length === 0) {
    return made(at, references, (variables) => expressionValue(first.expression, variables, node.placeOf), value);
  }
  return made(at, references, (variables) => renderPieces(pieces, variables, node.placeOf), value);
}

function made<T>(
  at: Place,
  references: readonly Reference[],
  work: (variables: Variables) => T,
  source?: string,
): Compiled<T> {
  const inputs = [...new Set(references.map((reference) => reference.name))];
  const evaluate = (variables: Variables): Evaluated<T> => evaluated(() => work(variables));
  return { at, inputs, references, evaluate, ...(source === undefined ? {} : { source }) };
}

/** All parts are evaluated even if one is pending, so that all pending names are known. */
function all(at: Place, parts: readonly Compiled[], join: (values: readonly Value[]) => Value): Compiled {
  const references = parts.flatMap((part) => part.references);
  return made(at, references, (variables) => {
    const values: Value[] = [];
    const waits = new Set<string>();
    for (const part of parts) {
      const outcome = part.evaluate(variables);
      if (outcome.kind === 'value') values.push(outcome.value);
      else for (const name of outcome.names) waits.add(name);
    }
    if (waits.size > 0) throw new Pending([...waits]);
    return join(values);
  });
}

function mapped<T, U>(outcome: Evaluated<T>, change: (value: T) => U): Evaluated<U> {
  return outcome.kind === 'pending' ? outcome : { kind: 'value', value: change(outcome.value) };
}
