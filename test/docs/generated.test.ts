import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Json, JsonObject } from '../../src/core/json.ts';
import { modules } from '../../src/modules/registry.ts';
import { taskKeywords } from '../../src/project/playbook/task-keywords.ts';
import { checkArgs } from '../../src/project/schema/module-args.ts';
import { keywords, knownKeywords } from './keywords.ts';
import { generatedPages } from './pages.ts';
import { schemas } from './schemas.ts';

const root = join(import.meta.dirname, '../..');
const known = await knownKeywords();
const pages = await generatedPages(root);

describe('generated pages', () => {
  test.each([...pages.keys()])('%s is current', (page) => {
    const path = join(root, page);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    expect(text === pages.get(page), `${page} is old: npm run docs writes it`).toBe(true);
  });

  test('there are no obsolete schemas', () => {
    const there = readdirSync(join(root, 'docs/schemas')).map((name) => `docs/schemas/${name}`);
    expect(there.filter((path) => !pages.has(path))).toEqual([]);
  });

  test('every keyword of a task is described', () => {
    const lacking = [...taskKeywords].filter((name) => !(name in keywords) && !modules.has(name));
    expect(lacking, 'describe it in test/docs/keywords.ts').toEqual([]);
    expect(known.task).toEqual(expect.arrayContaining(['when', 'register', 'notify']));
    expect(known.play).toEqual(expect.arrayContaining(['hosts', 'roles', 'serial']));
  });
});

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
for (const [name, schema] of Object.entries(schemas(known))) ajv.addSchema(schema, name);

function validator(name: string): ValidateFunction {
  const found = ajv.getSchema(name);
  if (found === undefined) throw new Error(`there is no schema ${name}`);
  return found;
}

/** What a schema has against a value. */
function faults(name: string, value: unknown): string[] {
  const validate = validator(name);
  return validate(value) ? [] : (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message}`);
}

function read(path: string): unknown {
  return parse(readFileSync(join(root, path), 'utf8'), { logLevel: 'error' });
}

describe('examples of modules', () => {
  const examples = [...modules].flatMap(([name, module]) =>
    name === module.name ? module.examples.map((example) => ({ module, example })) : [],
  );

  test('every module has one', () => {
    const without = [...modules.values()].filter((module) => module.examples.length === 0);
    expect(without.map((module) => module.name)).toEqual([]);
  });

  test.each(examples)('$module.name: $example.name', async ({ module, example }) => {
    const { shorthand } = module;
    const args = isObject(example.args) || shorthand === undefined ? example.args : { [shorthand]: example.args };
    const at = { file: 'example', line: 1, column: 1 };
    await expect(checkArgs(module, args as JsonObject, {}, at)).resolves.toBeDefined();
    expect(faults('tasks.json', [{ name: example.name, [module.name]: example.args }])).toEqual([]);
  });
});

describe('the files that are part of heal are valid for editors', () => {
  const roles = readdirSync(join(root, 'roles'));
  const files = [
    ...readdirSync(join(root, 'tasks')).map((name): [string, string] => [`tasks/${name}`, 'playbook.json']),
    ...roles.flatMap((role) =>
      [
        ['tasks', 'tasks.json'],
        ['handlers', 'tasks.json'],
        ['verify', 'tasks.json'],
        ['score', 'tasks.json'],
        ['drills', 'drills.json'],
      ].flatMap(([directory, schema]): [string, string][] => {
        const below = `roles/${role}/${directory}`;
        if (!existsSync(join(root, below))) return [];
        return readdirSync(join(root, below))
          .filter((name) => /\.ya?ml$/.test(name))
          .map((name) => [`${below}/${name}`, schema ?? '']);
      }),
    ),
    ...readdirSync(join(root, 'inventory')).flatMap((name): [string, string][] =>
      name === 'hosts.yml' ? [[`inventory/${name}`, 'inventory.json']] : [],
    ),
  ].filter(([name]) => /\.ya?ml$/.test(name ?? ''));

  test.each(files)('%s with %s', (file, schema) => {
    expect(faults(schema, read(file))).toEqual([]);
  });
});

describe('schemas for editors', () => {
  const task = (value: Json): string[] => faults('tasks.json', [value]);

  test.each([
    ['a module that is none', { systemdd: { unit: 'x' } }],
    ['a keyword that is none', { command: 'uptime', whenn: 'true' }],
    ['an argument that is none', { systemd: { unti: 'x' } }],
    ['a value of the wrong type', { systemd: { unit: 'x', enabled: 'no' } }],
    ['a value that is none of the choice', { systemd: { unit: 'x', state: 'running' } }],
    ['a mode that is a number', { file: { path: '/x', mode: 420 } }],
    ['a task without a module', { name: 'x', when: 'true' }],
    ['a task in a block that is none', { block: [{ comand: 'uptime' }] }],
    ['an argument that is missing', { template: { dest: '/x' } }],
  ])('%s is told', (_title, value) => {
    expect(task(value)).not.toEqual([]);
  });

  test.each([
    ['{{ }} for a truth', { systemd: { unit: 'x', enabled: '{{ wanted }}' } }],
    ['{{ }} for one of a choice', { systemd: { unit: 'x', state: '{{#if up}}started{{else}}stopped{{/if}}' } }],
    ['{{ }} for a number', { process: { port: '{{ port }}' } }],
    ['{{ }} for all arguments', { systemd: '{{ unit }}' }],
    ['{{ }} in a list', { command: { argv: ['{{ program }}', '-v'] } }],
    ['a string alone', { command: 'uptime' }],
    ['no arguments where none is needed', { debug: null }],
    ["Ansible's long name", { 'ansible.builtin.command': 'uptime' }],
    ['a block of tasks', { block: [{ command: 'uptime' }], rescue: [{ debug: null }], when: 'true' }],
    ['a time', { command: 'uptime', until: 'true', delay: '1h30m', timeout: 5 }],
  ])('%s is accepted', (_title, value) => {
    expect(task(value)).toEqual([]);
  });

  test.each([
    ['a play without hosts', 'playbook.json', [{ tasks: [] }]],
    ['a port that is none', 'inventory.json', { all: { hosts: { one: { port: 'ssh' } } } }],
    ['a key of a group that is none', 'inventory.json', { all: { host: { one: null } } }],
    ['a drill without a check', 'drills.json', [{ name: 'x', break: [] }]],
  ])('%s is told', (_title, schema, value) => {
    expect(faults(schema, value)).not.toEqual([]);
  });
});

describe('package-lock.json', () => {
  test('contains the optional packages of every platform, which npm ci requires', () => {
    type Locked = { readonly optionalDependencies?: Readonly<Record<string, string>> };
    const { packages }: { packages: Readonly<Record<string, Locked>> } = JSON.parse(
      readFileSync(join(root, 'package-lock.json'), 'utf8'),
    );
    const lacking = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );
    expect(lacking).toEqual([]);
  });
});

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
