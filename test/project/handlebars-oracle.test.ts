import Handlebars from 'handlebars';
import { describe, expect, test } from 'vitest';
import fc from '../samples.ts';
import { given, renderedFile } from './project.ts';

describe('Handlebars itself', () => {
  const plain = {
    name: 'web',
    port: 8080,
    on: true,
    off: false,
    zero: 0,
    empty: '',
    list: ['a', 'b'],
    none: [],
    map: { x: 1, y: { z: 'deep' } },
    bots: [
      { name: 'jack', tags: ['p', 'q'] },
      { name: 'john', tags: [] },
    ],
  };
  test.each([
    '{{name}} {{port}} {{on}} {{off}} {{zero}}|{{empty}}|',
    '{{#if zero}}a{{else}}b{{/if}}{{#if zero includeZero=true}}a{{else}}b{{/if}}{{#if none}}a{{else}}b{{/if}}{{#if map}}a{{/if}}',
    '{{#unless off}}x{{else}}y{{/unless}}',
    '{{#each bots}}{{name}}:{{#each tags}}{{this}}{{@index}}{{@../index}}{{../name}}{{../../port}}{{/each}};{{/each}}',
    '{{#each bots as |b i|}}{{#each b.tags as |t|}}{{b.name}}{{t}}{{i}}{{/each}}{{else}}none{{/each}}',
    '{{#each map}}{{@key}}{{#if @first}}!{{/if}}{{#if @last}}.{{/if}}{{/each}}',
    '{{#with map.y}}{{z}}{{../name}}{{/with}}{{#with off}}x{{else}}{{name}}{{/with}}',
    '{{#each none}}x{{else}}{{name}}{{/each}}',
    'a\n  {{#if on}}\n  b\n  {{else}}\n  c\n  {{/if}}\nd\n',
    'a {{~name~}} b {{{name}}} {{! c }} \\{{name}} {{!-- }} --}}',
    '{{#each list}}\n- {{this}}\n{{/each}}\n',
    '{{@root.name}}{{#each list}}{{@root.port}}{{/each}}{{map.[x]}}{{list.[0]}}{{list.length}}',
    '{{lookup map "x"}}{{#each list}}{{lookup ../list @index}}{{/each}}',
    '{{#if on}}{{#if off}}1{{else if on}}2{{else}}3{{/if}}{{/if}}',
    'a{{name}}b {{ map.y.z }}c',
    '\\{{name}} \\\\{{name}}',
    '{ {{name}} } {{{name}}}',
    '{{name}}\n{{port}}\n',
  ])('renders the same: %s', (text) => {
    const theirs = Handlebars.compile(text, { strict: true, noEscape: true })(plain);
    expect(renderedFile(text, given(plain))).toEqual({ kind: 'value', value: theirs });
  });
});

test('plain names render as with Handlebars itself, with any text around them', () => {
  const part = fc.constantFrom(
    '{{name}}',
    '{{ port }}',
    '{{ map.x }}',
    '{',
    '}',
    '\\',
    ' ',
    'a',
    '\n',
    '{{{name}}}',
    '{{!c}}',
    '~',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const text = parts.join('');
      // With noEscape Handlebars adds numbers up that stand side by side, so there are only texts here.
      const values = { name: 'web', port: '1', map: { x: 'y' } };
      let theirs: string | undefined;
      try {
        theirs = Handlebars.compile(text, { strict: true, noEscape: true })(values);
      } catch {
        theirs = undefined;
      }
      if (theirs === undefined) expect(() => renderedFile(text, given(values))).toThrow();
      else expect(renderedFile(text, given(values))).toEqual({ kind: 'value', value: theirs });
    }),
    { numRuns: 500 },
  );
});
