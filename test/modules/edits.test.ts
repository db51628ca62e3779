import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { block } from '../../src/modules/block.ts';
import { line } from '../../src/modules/line.ts';
import { replace } from '../../src/modules/replace.ts';
import fc from '../samples.ts';
import { edited } from './edited.ts';

describe('all modules that edit a string', () => {
  test('a missing file is an error, unless it is to be created or removed', () => {
    for (const [module, args] of [
      [line, { line: 'x' }],
      [block, { block: 'x' }],
    ] as const) {
      expect(edited(module, args, undefined).failed).toBe('there is no file /f');
      expect(edited(module, { ...args, create: true }, undefined).title).toMatch(/^create \/f/);
      expect(edited(module, { ...args, state: 'absent' }, undefined)).toEqual({
        changed: false,
        message: '/f is not there',
      });
    }
    expect(edited(replace, { regexp: 'x' }, undefined).failed).toBe('there is no file /f');
  });

  test.each([
    ['a NUL', Buffer.from('a\0b')],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff])],
  ])('%s is refused', (_what, bytes) => {
    expect(edited(line, { line: 'x' }, bytes).failed).toBe('/f is not text in UTF-8');
  });

  const text = fc
    .array(
      fc.tuple(fc.constantFrom('', 'a', 'b', 'a b', '# a', 'é😀', '\t', 'x=1', 'a\rb'), fc.constantFrom('\n', '\r\n')),
      {
        maxLength: 8,
      },
    )
    .map((lines) => lines.map(([one, end]) => one + end).join(''))
    .chain((all) => fc.constantFrom(all, all.replace(/\r?\n$/, '')));
  const word = fc.constantFrom('', 'a', 'b', 'c', 'a b', '$1', '\\1', 'x=2', '😀');
  const regexp = fc.constantFrom('^a', 'b$', '^x=', '^$', '.', '^#?\\s*a', 'é');
  const opt = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });

  test('line: does not change its own result, nor any other line', () => {
    const args = fc.record({ line: word, regexp: opt(regexp), insertafter: opt(regexp), firstmatch: fc.boolean() });
    fc.assert(
      fc.property(text, args, (before, given) => {
        const done = edited(line, JSON.parse(JSON.stringify(given)) as JsonObject, before);
        if (done.failed?.includes('changed again')) return; // refused rather than done anew by every run
        expect(done.failed).toBeUndefined();
        const [was, is] = [before, done.text ?? ''].map((one) => one.split(/\r?\n/));
        const differ = is?.filter((one) => !was?.includes(one)) ?? [];
        expect(differ.length).toBeLessThanOrEqual(1);
        if (before !== '') expect((done.text ?? '').endsWith('\n')).toBe(before.endsWith('\n'));
      }),
    );
  });

  test('block: a string is unchanged after a block was inserted and removed', () => {
    fc.assert(
      fc.property(text, fc.array(word, { minLength: 1, maxLength: 4 }), opt(regexp), (before, lines, insertafter) => {
        const args = { block: `${lines.join('\n')}\n`, ...(insertafter === undefined ? {} : { insertafter }) };
        const done = edited(block, args, before);
        expect(done.text).toContain('# BEGIN HEAL');
        const undone = edited(block, { ...args, state: 'absent' }, done.text);
        const mixed = before.includes('\r\n') && /(^|[^\r])\n/.test(before);
        if (!mixed) expect(undone.text).toBe(before);
      }),
    );
  });

  test('replace: a string with Windows line endings is edited like one without', () => {
    fc.assert(
      fc.property(text, regexp, word, (before, pattern, put) => {
        const unix = before.replaceAll('\r', '');
        const args = { regexp: pattern, replace: put.replace('\\1', '') };
        const a = edited(replace, args, unix);
        const b = edited(replace, args, unix.replaceAll('\n', '\r\n'));
        expect([b.failed, b.text?.replaceAll('\r\n', '\n')]).toEqual([a.failed, a.text]);
      }),
    );
  });
});
