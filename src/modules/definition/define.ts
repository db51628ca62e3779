import type { FromSchema, JSONSchema } from 'json-schema-to-ts';
import type { Change } from '../../core/change.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Answers, Decision, Input, LocalRequest, Look, Module, Reads } from '../../core/module.ts';
import type { Misuse } from '../../core/playbook.ts';

/**
 * src/modules: types of tasks, one file each. A module declares its arguments, its questions and, as a pure function of
 * the answers, the Changes that produce the desired state; the engine does the rest. It may import core, shell and probes.
 */

type ObjectSchema<P, Q extends readonly string[]> = {
  readonly type: 'object';
  readonly properties: P;
  readonly required: Q;
  readonly additionalProperties: false;
};

/** The arguments' type, from the schema. */
export type Args<P, Q extends readonly string[]> =
  ObjectSchema<P, Q> extends infer S extends JSONSchema ? FromSchema<S> : never;

/** The declaration in a module's file. */
export interface Declaration<P, Q extends readonly string[], R extends Reads> {
  readonly name: string;
  readonly about: string;
  readonly args: { readonly properties: P; readonly required: Q };
  /** True if it accepts arguments of any other name as well. */
  readonly open?: boolean;
  readonly shorthand?: string;
  /** See ModuleSchema: other names of arguments, each with the name here. */
  readonly aliases?: Readonly<Record<string, keyof P & string>>;
  readonly conditions?: readonly string[];
  readonly examples: readonly { readonly name: string; readonly args: Json }[];
  readonly readonly?: boolean;
  readonly locals?: (args: Args<P, Q>) => Readonly<Record<string, LocalRequest>>;
  /** See ModuleSchema: rules that the schema can't express. */
  readonly misuse?: (args: Args<P, Q>) => Misuse | undefined;
  readonly reads: (args: Args<P, Q>, look: Look, input: Input) => R;
  readonly plan: (
    args: Args<P, Q>,
    answers: Answers<R>,
    input: Input,
    before?: Answers<R>,
  ) => readonly Change[] | Decision;
}

/** Creates a Module from a declaration: one source for the arguments' type, their check, the docs page and the editor schema. */
export function defineModule<
  const P extends { readonly [key: string]: JSONSchema },
  const Q extends readonly string[],
  R extends Reads,
>(declaration: Declaration<P, Q, R>): Module {
  const { args, open = false, locals, misuse, reads, plan, readonly, ...rest } = declaration;
  const { properties, required } = args;
  const schema = { type: 'object', properties, required, additionalProperties: open };
  // The engine validates arguments against `schema` before it calls these, which makes the casts safe.
  return {
    ...rest,
    schema: schema as unknown as JsonObject,
    readonly: readonly ?? false,
    ...(misuse === undefined ? {} : { misuse: (given: JsonObject) => misuse(given as Args<P, Q>) }),
    locals: (given) => locals?.(given as Args<P, Q>) ?? {},
    reads: (given, look, input) => reads(given as Args<P, Q>, look, input),
    plan: (given, answers, input, before) => {
      const decided = plan(given as Args<P, Q>, answers as Answers<R>, input, before as Answers<R> | undefined);
      return isDecision(decided) ? decided : { changes: decided };
    },
  };
}

function isDecision(value: readonly Change[] | Decision): value is Decision {
  return !Array.isArray(value);
}
