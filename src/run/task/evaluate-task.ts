import type { Content } from '../../core/change.ts';
import { HealError, HealErrors } from '../../core/errors.ts';
import type { Facts } from '../../core/facts.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Answers, Decision, Input, LocalRequest, Reads } from '../../core/module.ts';
import type { Evaluated, Value, Variables } from '../../core/playbook.ts';
import type { Question } from '../../core/probe.ts';
import { type State, trouble } from '../../core/state.ts';
import { accountOf, type TaskUsers } from './account.ts';
import type { Instance } from './instance.ts';
import { shownDecision } from './no-log.ts';
import { holdsSecret } from './revealed.ts';
import { evaluateWhen } from './when.ts';

/** A task's arguments and questions, once its inputs are known. */
export interface Prepared {
  readonly args: JsonObject;
  readonly reads: Reads;
  readonly input: Input;
}

/** The result of evaluating an instance with what is known now. */
export type TaskEvaluation =
  /** Inputs have no value yet: results of later tasks, or results that a plan can't know. */
  | { readonly kind: 'waits'; readonly names: readonly string[] }
  | { readonly kind: 'skipped'; readonly why: string }
  /** These must be asked first. */
  | { readonly kind: 'asks'; readonly questions: readonly Question<unknown>[] }
  | { readonly kind: 'failed'; readonly message: string; readonly hint?: string }
  | { readonly kind: 'unknown'; readonly why: string }
  | {
      readonly kind: 'decided';
      readonly decision: Decision;
      readonly prepared: Prepared;
      readonly answers: Answers<Reads>;
    };

/** The inputs of the evaluation. All of them are parameters; nothing is looked up. */
export interface EvaluationContext {
  readonly facts: Facts;
  readonly checkMode: boolean;
  readonly answer: (question: Question<unknown>) => State<unknown> | undefined;
  readonly variables: (instance: Instance) => Variables;
  /** Checks rendered arguments against the module's schema, fills in defaults; throws HealErrors. */
  readonly checkArgs: (instance: Instance, args: { readonly [key: string]: Value }) => Promise<JsonObject>;
  readonly load: (instance: Instance, request: LocalRequest, variables: Variables) => Promise<Evaluated<Content>>;
  readonly users: TaskUsers;
  /** Answers from before the changes, when they are being proven. */
  readonly before?: Answers<Reads>;
}

/**
 * Decides an instance as far as possible: conditions, arguments, local files, questions, and at last the module's own
 * plan. It changes nothing and asks nothing; the caller asks the questions that it returns and calls it again.
 */
export async function evaluateTask(
  instance: Instance,
  around: EvaluationContext,
  known: Map<Instance, TaskEvaluation | Prepared>,
): Promise<TaskEvaluation> {
  try {
    let prepared = known.get(instance);
    if (prepared === undefined) {
      prepared = await prepare(instance, around);
      if (!('kind' in prepared) || prepared.kind === 'skipped') known.set(instance, prepared);
    }
    return 'kind' in prepared ? prepared : decide(instance, around, prepared);
  } catch (error) {
    if (error instanceof HealErrors) return { kind: 'failed', message: error.message };
    if (error instanceof HealError) {
      return { kind: 'failed', message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
    }
    throw error;
  }
}

/** Asks nothing: returns the unanswered questions, or the module's decision if all are answered. */
export function decide(
  instance: Instance,
  around: Pick<EvaluationContext, 'answer' | 'before'>,
  prepared: Prepared,
): TaskEvaluation {
  const { module, task } = instance;
  const { args, input } = prepared;
  const reads = module.reads(
    args,
    <V>(question: Question<V>): V | undefined => {
      const state = around.answer(question as Question<unknown>) as State<V> | undefined;
      return state?.kind === 'present' ? state.value : undefined;
    },
    input,
  );

  const answers: Record<string, unknown> = {};
  const missing: Question<unknown>[] = [];
  let unknown: string | undefined;
  let failed: string | undefined;
  for (const [name, question] of Object.entries(reads)) {
    if (question === undefined) continue;
    const state = around.answer(question);
    if (state === undefined) missing.push(question);
    else if (state.kind === 'unknown') unknown ??= state.why;
    else if (state.kind === 'present') answers[name] = state.value;
    else failed ??= trouble(state);
  }
  if (missing.length > 0) return { kind: 'asks', questions: missing };
  if (failed !== undefined) return { kind: 'failed', message: failed };
  if (unknown !== undefined) return { kind: 'unknown', why: unknown };

  const typed = answers as Answers<Reads>;
  const decision = shownDecision(module.plan(args, typed, input, around.before), task, input);
  return { kind: 'decided', decision, prepared: { args, reads, input }, answers: typed };
}

/** Conditions, arguments and local files: everything that does not need the host. Once known, they do not change. */
async function prepare(instance: Instance, around: EvaluationContext): Promise<Prepared | TaskEvaluation> {
  const { task, module } = instance;
  const variables = around.variables(instance);
  const when = evaluateWhen(task, variables);
  if (when.isFalse !== undefined) return { kind: 'skipped', why: when.isFalse };
  if (when.waits.length > 0) return { kind: 'waits', names: when.waits };

  const waits: string[] = [];
  const known = <T>(evaluated: Evaluated<T>): T | undefined => {
    if (evaluated.kind === 'value') return evaluated.value;
    waits.push(...evaluated.names);
    return undefined;
  };

  const rendered = known(task.args.evaluate(variables));
  const conditions = task.conditions.map((condition) => ({
    source: condition.source,
    holds: known(condition.evaluate(variables)) === true,
  }));
  const account = known(accountOf(task, variables, around.users));
  if (waits.length > 0 || rendered === undefined || account === undefined) return { kind: 'waits', names: waits };

  const args = await around.checkArgs(instance, rendered);
  const locals: Record<string, Content> = {};
  for (const [name, request] of Object.entries(module.locals(args))) {
    const content = known(await around.load(instance, request, variables));
    if (content !== undefined) locals[name] = content;
  }
  if (waits.length > 0) return { kind: 'waits', names: waits };
  const { facts, checkMode } = around;
  const secret = holdsSecret(rendered) || Object.values(locals).some((content) => content.secret === true);
  return { args, reads: {}, input: { facts, account, locals, conditions, checkMode, secret } };
}
