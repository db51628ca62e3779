import { describe, expect, test } from 'vitest';
import type { Value } from '../../src/core/playbook.ts';
import { modules } from '../../src/modules/registry.ts';
import { checkArgs } from '../../src/project/schema/module-args.ts';
import { errorsOf } from './project.ts';

const at = { file: 'x.yml', line: 1, column: 3, text: '- line:' };
const places = { regexp: { file: 'x.yml', line: 2, column: 11, text: "  regexp: '('" } };

function told(module: string, args: { readonly [key: string]: Value }): Promise<string> {
  const found = modules.get(module);
  if (found === undefined) throw new Error(`no ${module}`);
  return errorsOf(() => checkArgs(found, { path: '/f', ...args }, places, at));
}

describe('arguments that a schema allows and that cannot be used', () => {
  test('are an error at the location of the argument', async () => {
    expect(await told('line', { line: 'a', regexp: '(' })).toBe(
      "the regular expression ( can't be used: unterminated group\n  x.yml:2:11\n    regexp: '('\n            ^\n  regular expressions are JavaScript's",
    );
  });
  test('are an error at the location of the task if no argument causes it', async () => {
    expect(await told('line', {})).toContain('state present needs line\n  x.yml:1:3');
    expect(await told('json', {})).toContain('nothing is to be done: give merge, set or remove\n  x.yml:1:3');
    expect(await told('replace', { regexp: 'a', replace: '\\2' })).toContain('there is no group 2\n  x.yml:1:3');
  });
});
