import type { Json, JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { modules } from '../../src/modules/registry.ts';
import { inventorySchema } from './inventory-schema.ts';
import { keywords, type Scope } from './keywords.ts';
import { draft, isObject, lenient, template } from './lenient-schema.ts';

/**
 * JSON Schemas (draft-07) for editors. They allow `{{ }}` wherever a value is allowed, for an editor can't know what
 * comes out; heal itself checks strictly once it does. They refer to each other by file name and have no `$id`, so that
 * they work from whatever directory they lie in.
 */

const definitions: JsonObject = {
  template: { ...template, description: 'A value that comes from variables.' },
  any: {},
  text: { type: ['string', 'number', 'boolean'] },
  texts: { anyOf: [{ $ref: '#/definitions/text' }, { type: 'array', items: { $ref: '#/definitions/text' } }] },
  name: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
  list: { anyOf: [{ type: 'array' }, template] },
  mapping: { anyOf: [{ type: 'object' }, template] },
  boolean: { anyOf: [{ type: 'boolean' }, template] },
  count: { anyOf: [{ type: 'integer', minimum: 0 }, template] },
  duration: {
    anyOf: [
      { type: 'number', minimum: 0 },
      { type: 'string', pattern: '^(\\d+(\\.\\d+)?\\s*(ms|s|m|h|d)?\\s*)+$' },
      template,
    ],
    description: 'Seconds, or 500ms, 5s, 2m, 1h30m.',
  },
  condition: { type: ['string', 'boolean'], description: 'A CEL expression, without {{ }}.' },
  conditions: {
    anyOf: [{ $ref: '#/definitions/condition' }, { type: 'array', items: { $ref: '#/definitions/condition' } }],
  },
};

/** What may stand behind a module's name. */
export function moduleValue(module: Module): JsonObject {
  const { shorthand, about } = module;
  const schema = withAliases(module);
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(module.schema['required']) ? module.schema['required'] : [];
  const short = shorthand === undefined ? undefined : properties[shorthand];
  const [strict] = (lenient(schema)['anyOf'] ?? []) as readonly Json[];
  return {
    description: about,
    anyOf: [
      strict ?? {},
      { $ref: 'tasks.json#/definitions/template' },
      ...(isObject(short) ? [lenient(short)] : []),
      ...(required.length === 0 ? [{ type: 'null' }] : []),
    ],
  };
}

/** The schema of a module's arguments under all their names. */
function withAliases({ schema, aliases = {} }: Module): JsonObject {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  const others = (name: string): string[] => Object.keys(aliases).filter((alias) => aliases[alias] === name);
  const more = Object.entries(aliases).map(([alias, name]) => [
    alias,
    { ...Object(properties[name]), description: `Alias of \`${name}\`.` },
  ]);
  const either = required.filter((name) => others(name).length > 0);
  return {
    ...schema,
    properties: { ...properties, ...Object.fromEntries(more) },
    required: required.filter((name) => !either.includes(name)),
    ...(either.length === 0
      ? {}
      : { allOf: either.map((name) => ({ anyOf: [name, ...others(name)].map((one) => ({ required: [one] })) })) }),
  };
}

function keywordProperties(known: readonly string[]): JsonObject {
  return Object.fromEntries(
    known.flatMap((name) => {
      const keyword = keywords[name];
      if (keyword === undefined) return [];
      const { about, schema } = keyword;
      const value: JsonObject = typeof schema === 'string' ? { $ref: `tasks.json#/definitions/${schema}` } : schema;
      // In draft-07 nothing counts beside $ref.
      return [[name, { description: about, allOf: [value] }]];
    }),
  );
}

function tasksSchema(known: Readonly<Record<Scope, readonly string[]>>): JsonObject {
  const own = Object.fromEntries([...modules].map(([name, module]) => [name, moduleValue(module)]));
  const actions = [...modules.keys(), ...known.task.filter((name) => standsAlone.includes(name))];
  const task: JsonObject = {
    type: 'object',
    properties: { ...keywordProperties(known.task.filter((name) => !modules.has(name))), ...own },
    patternProperties: { '^ansible\\.(builtin|legacy)\\.': {} },
    additionalProperties: false,
    // Which one it is tells what is wrong best; that it is one alone is heal's own to say.
    anyOf: actions.flatMap((name) => [{ required: [name] }, { required: [`ansible.builtin.${name}`] }]),
  };
  return {
    $schema: draft,
    title: 'Tasks of heal: tasks/, handlers/ and verify/ of a role',
    $ref: '#/definitions/tasks',
    definitions: {
      ...definitions,
      tasks: { anyOf: [{ type: 'array', items: { $ref: '#/definitions/entry' } }, { type: 'null' }] },
      entry: { $ref: known.block.includes('block') ? '#/definitions/taskOrBlock' : '#/definitions/task' },
      ...(known.block.includes('block')
        ? {
            taskOrBlock: {
              // With a mapping it is the module of that name.
              if: { required: ['block'], properties: { block: { not: { type: 'object' } } } },
              // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so.
              then: { $ref: '#/definitions/block' },
              else: { $ref: '#/definitions/task' },
            },
            block: {
              type: 'object',
              properties: keywordProperties(known.block),
              required: ['block'],
              additionalProperties: false,
            },
          }
        : {}),
      task,
      loopControl: {
        type: 'object',
        properties: keywordProperties(known.loop_control),
        additionalProperties: false,
      },
    },
  };
}

/** Keywords that are what a task does. */
const standsAlone = ['import_tasks', 'include_tasks', 'import_role', 'include_role', 'meta', 'set_fact'];

function playbookSchema(known: Readonly<Record<Scope, readonly string[]>>): JsonObject {
  return {
    $schema: draft,
    title: 'A playbook of heal: tasks/*.yml of a project',
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      properties: keywordProperties(known.play),
      ...(known.play.includes('import_playbook')
        ? { anyOf: [{ required: ['hosts'] }, { required: ['import_playbook'] }] }
        : { required: ['hosts'] }),
      additionalProperties: false,
    },
    definitions: {
      roleUse: {
        anyOf: [
          { type: 'string' },
          {
            type: 'object',
            properties: keywordProperties(known.role),
            anyOf: [{ required: ['role'] }, { required: ['name'] }],
            additionalProperties: false,
          },
        ],
      },
    },
  };
}

function drillsSchema(): JsonObject {
  const tasks: JsonObject = { $ref: 'tasks.json#/definitions/tasks' };
  const text: JsonObject = { type: 'string' };
  return {
    $schema: draft,
    title: 'Drills of a role of heal: roles/NAME/drills/main.yml',
    type: ['array', 'null'],
    items: {
      type: 'object',
      properties: {
        name: { ...text, description: 'What is broken.' },
        tags: { $ref: 'tasks.json#/definitions/texts' },
        when: { $ref: 'tasks.json#/definitions/conditions' },
        disturbs: {
          type: 'boolean',
          default: true,
          description: 'Whether it disturbs who uses the host: then it is asked for, or --yes given.',
        },
        prepare: { description: 'Tasks before the break.', allOf: [tasks] },
        break: { description: 'Tasks that break it.', allOf: [tasks] },
        heals: {
          description: 'Checks that are asked again and again until all of them hold.',
          type: 'array',
          items: {
            type: 'object',
            properties: {
              within: {
                description: 'Time within which it must hold; 30 seconds if not said.',
                allOf: [{ $ref: 'tasks.json#/definitions/duration' }],
              },
            },
          },
        },
        restore: { description: 'Tasks that always run at the end, also after Ctrl-C.', allOf: [tasks] },
      },
      required: ['name', 'break', 'heals'],
      additionalProperties: false,
    },
  };
}

/** All schemas by their file name in docs/schemas/. */
export function schemas(known: Readonly<Record<Scope, readonly string[]>>): Readonly<Record<string, JsonObject>> {
  return {
    'tasks.json': tasksSchema(known),
    'playbook.json': playbookSchema(known),
    'drills.json': drillsSchema(),
    'inventory.json': inventorySchema(),
  };
}
