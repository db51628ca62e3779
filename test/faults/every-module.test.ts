import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { modules } from '../../src/modules/registry.ts';
import { elsewhere, looks, uses } from './every-module.ts';

test('every module is applied on a real host, in this file or in another test', () => {
  const here = new Set([...uses, ...looks].map(({ module }) => modules.get(module)?.name));
  for (const name of new Set([...modules.values()].map((module) => module.name))) {
    if (here.has(name)) continue;
    const path = elsewhere[name];
    expect(path, `${name} is applied nowhere: add a use of it to every-module.ts`).toBeDefined();
    const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    expect(new RegExp(`\\b${name}\\b`).test(text), `${name} is not in ${path}`).toBe(true);
  }
});
