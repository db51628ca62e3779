import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { commands, type Flag } from '../../src/cli/flags.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { modules } from '../../src/modules/registry.ts';
import { connectionVariables } from '../../src/project/inventory/connection-variables.ts';
import { helpers } from '../../src/project/template/helpers.ts';
import { keywords, type Scope } from './keywords.ts';

/** Texts of the pages that are made from what the code declares. */

/** A table; what would end a cell or begin a tag is made harmless. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string): string => `\`${text}\``;

/** The commands of heal, and after them the options. */
export function commandTables(): string {
  const flags = new Map<string, { readonly flag: Flag; readonly of: string[] }>();
  for (const { name, flags: own } of commands) {
    for (const flag of own) {
      const found = flags.get(flag.name) ?? { flag, of: [] };
      found.of.push(name);
      flags.set(flag.name, found);
    }
  }
  const all = commands.length;
  return [
    table(
      ['command', 'what it does'],
      commands.map(({ name, takes, about }) => [
        code(`heal ${name} ${takes.replace(/\w+/g, (word) => word.toUpperCase()).replace(/[<>]/g, '')}`),
        about,
      ]),
    ),
    '',
    table(
      ['option', 'what it does', 'of'],
      [...flags.values()].map(({ flag, of }) => [
        code(`${flag.alias === undefined ? '' : `-${flag.alias}, `}--${flag.name}${value(flag)}`),
        flag.about,
        of.length === all ? 'all' : of.join(', '),
      ]),
    ),
  ].join('\n');
}

function value(flag: Flag): string {
  return flag.kind === 'text' || flag.kind === 'list' ? ' X' : '';
}

/** Keywords and where each can stand. */
export function keywordTable(known: Readonly<Record<Scope, readonly string[]>>): string {
  const places: readonly [Scope, string][] = [
    ['play', 'play'],
    ['role', 'role in a play'],
    ['block', 'block'],
    ['task', 'task'],
    ['loop_control', '`loop_control`'],
  ];
  return table(
    ['keyword', 'what it says', 'stands in'],
    Object.entries(keywords)
      .map(([name, { about }]) => [
        code(name),
        about,
        places
          .flatMap(([scope, shown]) =>
            known[scope].includes(name) && !(scope === 'task' && modules.has(name)) ? [shown] : [],
          )
          .join(', '),
      ])
      .filter(([, , where]) => where !== ''),
  );
}

/** Helpers of templates. */
export function helperTable(): string {
  return table(
    ['helper', 'what it gives'],
    Object.values(helpers).map(({ usage, about }) => [
      code(usage).replace('` or `', '`, `').replace(' or {{', '`, `{{'),
      about,
    ]),
  );
}

/** How a host is reached. */
export function connectionTable(): string {
  return table(
    ['variable', 'what it is', "Ansible's name"],
    connectionVariables.map(({ name, also, about }) => [code(name), about, also.map(code).join(', ')]),
  );
}

/** Where a variable's value comes from: the table stands at `Layer` in the code, and here once more. */
export function precedenceTable(root: string): string {
  const text = readFileSync(join(root, 'src/project/variables/layer.ts'), 'utf8');
  const lines = text.split('\n').flatMap((line) => /^ \* (\|.*\|)$/.exec(line)?.[1] ?? []);
  if (lines.length < 5) throw new Error('src/project/variables/layer.ts holds no table of precedence any more');
  return lines.join('\n');
}

/** docs/modules.md. */
export function modulePage(): string {
  const own = [...modules].filter(([name, module]) => name === module.name);
  const parts = own.map(([name, module]) => {
    const aliases = [...modules]
      .filter(([other, one]) => one === module && other !== name)
      .map(([other]) => code(other));
    return [
      `## ${name}`,
      '',
      module.about,
      ...(aliases.length === 0 ? [] : ['', `Also called ${aliases.join(', ')}.`]),
      ...(module.readonly
        ? ['', "Read-only: can be used in a role's checks (`verify/`) and is evaluated in `heal plan`."]
        : []),
      ...(module.shorthand === undefined
        ? []
        : ['', `A string alone stands for \`${module.shorthand}\`: \`${name}: ...\`.`]),
      '',
      argumentTable(module),
      '',
      '```yaml',
      ...module.examples.map((example) => stringify([{ name: example.name, [name]: example.args }]).trimEnd()),
      '```',
      '',
    ].join('\n');
  });
  return [
    '# Modules',
    '',
    "A module is what a task does. This page is made by `npm run docs` from the modules' own declarations.",
    '',
    table(
      ['module', 'what it does'],
      own.map(([name, module]) => [`[${name}](#${name})`, module.about]),
    ),
    '',
    'Every task also takes the [keywords](language.md#keywords). An argument that is not listed is an error before the run.',
    '',
    ...parts,
  ].join('\n');
}

function argumentTable(module: Module): string {
  const properties = (module.schema['properties'] ?? {}) as JsonObject;
  const required = (module.schema['required'] ?? []) as readonly Json[];
  const rows = Object.entries(properties).map(([name, schema]) => {
    const one = schema as JsonObject;
    const preset = one['default'];
    return [
      code(name),
      required.includes(name) ? '**required**' : preset === undefined ? '' : code(JSON.stringify(preset)),
      kind(one),
      typeof one['description'] === 'string' ? one['description'] : '',
    ];
  });
  return rows.length === 0 ? 'It takes no arguments.' : table(['argument', 'default', 'type', 'what it is'], rows);
}

function kind(schema: JsonObject): string {
  const list = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(list)) return list.map((one: Json) => kind(one as JsonObject)).join(' or ');
  const choice = schema['enum'];
  if (Array.isArray(choice)) return choice.map((one: Json) => code(String(one))).join(', ');
  if ('const' in schema) return code(JSON.stringify(schema['const']));
  const { type } = schema;
  if (type === 'array') return `list of ${plural(kind((schema['items'] ?? {}) as JsonObject))}`;
  const names: Readonly<Record<string, string>> = {
    string: 'string',
    integer: 'integer',
    number: 'number',
    boolean: 'boolean',
    object: 'dictionary',
    null: 'nothing',
  };
  if (Array.isArray(type)) return type.map((one: Json) => names[String(one)] ?? String(one)).join(' or ');
  return typeof type === 'string' ? (names[type] ?? type) : 'anything';
}

/** `list of strings`; a choice of values stays as it is. */
function plural(words: string): string {
  return words
    .split(' or ')
    .map((word) =>
      word === 'dictionary' ? 'dictionaries' : /^[a-z]+$/.test(word) && word !== 'anything' ? `${word}s` : word,
    )
    .join(' or ');
}
