import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const declarations = readFileSync(source('core/playbook.ts'), 'utf8');

/** Fields of an interface of src/core/playbook.ts. */
function fieldsOf(name: string): string[] {
  const body = new RegExp(`^export interface ${name}( extends \\w+)? \\{\\n([^]*?)^\\}`, 'm').exec(declarations)?.[2];
  return [...(body ?? '').matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = '']) => field);
}

const users = [
  ...['run', 'report', 'cli'].flatMap((directory) =>
    readdirSync(source(directory), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${directory}/${file}`),
  ),
  // Used by the run.
  'project/playbook/only-on.ts',
].map((file) => readFileSync(source(file), 'utf8'));

// A keyword that is read and used by nothing has no effect, and its author is not told.
test.each(['Task', 'LoopControl', 'Block', 'BlockPart', 'Drill', 'Heal', 'Play'])(
  'a run uses each field of %s',
  (name) => {
    const fields = fieldsOf(name);
    expect(fields.length).toBeGreaterThan(1);
    const isUsed = (field: string): boolean => users.some((text) => new RegExp(`\\b${field}\\b`).test(text));
    expect(fields.filter((field) => !isUsed(field))).toEqual([]);
  },
);
