import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { HealError, HealErrors } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Evaluated, Known, ModuleSchema, Task, Value, Variables } from '../../src/core/playbook.ts';
import type { Inventory } from '../../src/project/inventory/groups.ts';
import { loadInventory } from '../../src/project/inventory/inventory.ts';
import { type LoadedPlaybook, loadPlaybook } from '../../src/project/playbook/playbook.ts';
import { compileFile, compileNode } from '../../src/project/template/template.ts';
import { secretStore } from '../../src/project/variables/secret-source.ts';
import { sourceFile } from '../../src/project/yaml/source-file.ts';
import { type Node, parseYaml } from '../../src/project/yaml/yaml-file.ts';

const directories: string[] = [];
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true }))));

/** Files of a project by their paths. */
export type Files = Readonly<Record<string, string>>;

/** Writes files below a new directory, which is removed after the tests of the file. */
export async function directoryWith(files: Files): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'heal-project-'));
  directories.push(directory);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

const object = (properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  properties,
  required: [...required],
});

const modules: readonly ModuleSchema[] = [
  {
    name: 'copy',
    schema: object(
      {
        dest: { type: 'string', pattern: '^/', description: 'An absolute path.' },
        content: { type: 'string' },
        mode: { type: 'string', pattern: '^0[0-7]{3}$' },
        backup: { type: 'boolean', default: false },
        state: { enum: ['present', 'absent'], default: 'present' },
        size: { type: 'integer', minimum: 1 },
        items: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
      },
      ['dest'],
    ),
  },
  {
    name: 'command',
    shorthand: 'cmd',
    schema: object({ cmd: { type: 'string' }, creates: { type: 'string' } }, ['cmd']),
  },
  { name: 'debug', shorthand: 'msg', schema: object({ msg: {} }) },
  { name: 'set_fact', schema: { type: 'object', additionalProperties: true } },
  {
    name: 'assert',
    conditions: ['that'],
    schema: object({ that: { anyOf: [{ type: 'string' }, { type: 'array' }] }, msg: { type: 'string' } }, ['that']),
  },
  {
    name: 'systemd',
    schema: object({ unit: { type: 'string' }, state: { enum: ['started', 'stopped', 'restarted'] } }, ['unit']),
  },
];

export const catalogue: ReadonlyMap<string, ModuleSchema> = new Map(modules.map((module) => [module.name, module]));

export const hosts = `all:
  children:
    vps:
      vars: { greeting: hello }
      hosts:
        jack4: { address: 203.0.113.4, only_jack4: yes-it-is }
        jack5: { address: 203.0.113.5 }
    bots:
      hosts: { john1: {} }
`;

export interface Asked {
  readonly name?: string;
  readonly extraVars?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly shipped?: Files;
}

/** Loads a playbook of a project that has these files (and `hosts`, unless it has its own inventory). */
export async function load(
  files: Files,
  asked: Asked = {},
): Promise<{ playbook: LoadedPlaybook; inventory: Inventory; project: string }> {
  const project = await directoryWith({ 'inventory/hosts.yml': hosts, ...files });
  const shipped = await directoryWith(asked.shipped ?? {});
  const env = asked.env ?? {};
  const inventory = await loadInventory({ project, home: '/home/me', env });
  const playbook = await loadPlaybook({
    project,
    shipped,
    name: asked.name ?? 'site',
    catalogue,
    inventory,
    extraVars: asked.extraVars ?? [],
    home: '/home/me',
    env,
  });
  return { playbook, inventory, project };
}

/** A playbook of one play on the group vps with these tasks, its first line being number 4. */
export function play(tasks: string): Files {
  return { 'tasks/site.yml': `- name: Site\n  hosts: vps\n  tasks:\n${tasks.replace(/^(?=.)/gm, '    ')}` };
}

/** What a user sees of the errors: message, place, line with caret, hint. */
export async function errorsOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return shown(error);
  }
  return 'no error';
}

export function shown(error: unknown): string {
  const errors = error instanceof HealErrors ? error.errors : [error];
  return errors
    .map((one) => {
      if (!(one instanceof HealError)) return String(one instanceof Error ? one.stack : one);
      const lines = [one.message];
      if (one.at !== undefined) lines.push(`  ${one.at.file}:${one.at.line}:${one.at.column}`);
      if (one.at?.text !== undefined) lines.push(`  ${one.at.text}`, `  ${' '.repeat(one.at.column - 1)}^`);
      if (one.hint !== undefined) lines.push(`  ${one.hint}`);
      return lines.join('\n');
    })
    .join('\n');
}

/** The errors of a play with these tasks. */
export function errorsOfTasks(tasks: string, more: Files = {}): Promise<string> {
  return errorsOf(() => load({ ...play(tasks), ...more }));
}

/** Variables that hold these values; an Evaluated stands for itself. */
export function given(values: Readonly<Record<string, Value>>, pending: readonly string[] = []): Variables {
  const all: Record<string, Evaluated<Value>> = {};
  for (const [name, value] of Object.entries(values)) all[name] = { kind: 'value', value };
  for (const name of pending) all[name] = { kind: 'pending', names: [name] };
  const over = (known: Readonly<Record<string, Evaluated<Value>>>): Variables => ({
    lookup: (name) => (Object.hasOwn(known, name) ? known[name] : undefined),
    names: () => Object.keys(known),
    with: (more) => over({ ...known, ...more }),
  });
  return over(all);
}

export const noSecrets = secretStore({ project: '/p', home: '/home/me', env: {} });

/** The node of a YAML text. */
export function yaml(text: string): Node {
  const node = parseYaml(sourceFile('/p/x.yml', 'x.yml', text));
  if (node === undefined) throw new Error('empty');
  return node;
}

/** Renders a template that stands as a value in a YAML file. */
export function rendered(text: string, variables: Variables): Evaluated<Value> {
  const node = yaml(`v: ${JSON.stringify(text)}`);
  const value = node.kind === 'map' ? node.entries[0]?.value : undefined;
  if (value === undefined) throw new Error('empty');
  return compileNode(value, noSecrets).evaluate(variables);
}

/** Renders the text of a template file. */
export function renderedFile(text: string, variables: Variables): Evaluated<unknown> {
  const file = sourceFile('/p/templates/x.hbs', 'templates/x.hbs', text);
  return compileFile(file.text, file.place).evaluate(variables);
}

/** The one task of this number in the first play. */
export function taskOf(playbook: LoadedPlaybook, index: number): Task {
  const task = playbook.plays[0]?.tasks[index];
  if (task === undefined) throw new Error(`there is no task ${index}`);
  return task;
}

/** The tasks of the first play. */
export const tasksOf = async (files: Files, extraVars: readonly string[] = []): Promise<readonly Task[]> =>
  (await load(files, { extraVars })).playbook.plays[0]?.tasks ?? [];

/** `command` tasks by what they run, with the parts of blocks around them. */
export const shape = (tasks: readonly Task[]): string[] =>
  tasks.map((task) => {
    const around = (task.blocks ?? []).map(({ block, part }) => `${block.name ?? block.id}/${part}`);
    return [...around, task.name.source].join(' ');
  });

/** The arguments of the task of this number in the first play, on the host jack4; the outcome itself if they have no value. */
export async function argsOf(playbook: LoadedPlaybook, index: number, known: Known['values'] = {}): Promise<unknown> {
  const host = { name: 'jack4', at: { file: 'x', line: 1, column: 1 }, groups: ['all', 'vps'], vars: {} };
  const task = taskOf(playbook, index);
  const first = playbook.plays[0];
  const outcome = task.args.evaluate(
    first?.variables(host, task, { values: known }) ?? {
      lookup: () => undefined,
      names: () => [],
      with: () => never(),
    },
  );
  return outcome.kind === 'value' ? outcome.value : outcome;
}

/** For what must not be called. */
export const never = (): never => {
  throw new Error('never');
};

/** A value that is known. */
export const value = (of: Value) => ({ kind: 'value' as const, value: of });

/** Files of a role by their paths in the project. */
export const role = (name: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`roles/${name}/${path}`, text]));

/** No results yet. */
export const nothing: Known = { values: {} };
