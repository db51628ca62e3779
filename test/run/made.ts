import type { Evaluated, Host, Play, Task, Template, Value, Variables } from '../../src/core/playbook.ts';

const at = { file: 'made.yml', line: 1, column: 1 };

/** A template that is always this value. */
export function constant<T>(value: T): Template<T> {
  const source = typeof value === 'string' ? { source: value } : {};
  return { at, inputs: [], evaluate: () => ({ kind: 'value', value }), ...source };
}

/** Variables from a plain record. */
export function variables(values: Readonly<Record<string, Evaluated<Value>>>): Variables {
  return {
    lookup: (name) => values[name],
    names: () => Object.keys(values),
    with: (more) => variables({ ...values, ...more }),
  };
}

/** A task with what a test cares about. */
export function madeTask(module: string, args: { readonly [key: string]: Value }, more: Partial<Task> = {}): Task {
  const name = JSON.stringify([module, args]);
  return {
    id: `made.yml#${name}`,
    name: constant(name),
    module,
    args: constant(args),
    conditions: [],
    argPlaces: {},
    at,
    when: [],
    loopVar: 'item',
    retries: 3,
    delay: 0,
    changedWhen: [],
    failedWhen: [],
    ignoreErrors: false,
    notify: [],
    listen: [],
    noLog: false,
    tags: [],
    vars: {},
    ...more,
  };
}

/** A play of these tasks. */
export function madePlay(tasks: readonly Task[], more: Partial<Play> = {}): Play {
  return {
    name: 'made',
    at,
    hosts: 'all',
    tasks,
    handlers: [],
    verify: [],
    score: [],
    drills: [],
    serial: [],
    roles: [],
    variables: (_host, _task, known) => variables(known.values),
    ...more,
  };
}

/** A host called here. */
export const madeHost: Host = { name: 'here', at, groups: ['all'], vars: {} };
