import { describe, expect, test } from 'vitest';
import type { Value } from '../../src/core/playbook.ts';
import { Secret } from '../../src/core/secret.ts';
import { helpers } from '../../src/project/template/helpers.ts';
import fc from '../samples.ts';
import { errorsOf, given, rendered, renderedFile } from './project.ts';

const variables = given({
  name: 'web',
  port: 8080,
  on: true,
  nothing: null,
  empty: '',
  list: ['a', 'b c'],
  none: [],
  map: { x: 1, y: { z: 'deep' } },
  bots: [{ name: 'jack' }, { name: 'john' }],
  path: '/srv/app/x.conf',
  spaced: "it's here",
  lines: 'a\n\nb',
});

describe('a template', () => {
  test.each<[string, string, Value]>([
    ['text alone', 'plain', 'plain'],
    ['a variable in a string', 'x-{{ name }}-{{port}}', 'x-web-8080'],
    ['a whole expression keeps a number', '{{ port }}', 8080],
    ['a whole expression keeps a boolean', '{{on}}', true],
    ['a whole expression keeps a list', '{{ list }}', ['a', 'b c']],
    ['a whole expression keeps null', '{{ nothing }}', null],
    ['a whole expression keeps what a helper gives', '{{ default nothing 5 }}', 5],
    ['space around it makes it a string', ' {{ port }}', ' 8080'],
    ['nothing is escaped for HTML', '{{ spaced }} <&>', "it's here <&>"],
    ['a member', '{{ map.y.z }}!', 'deep!'],
    ['an item by number', '{{ list.[1] }}!', 'b c!'],
    ['an item by number, as in Jinja', '{{ list.1 }}{{list[0]}}!', 'b ca!'],
    ['a key in quotes, as in Jinja', `{{ map['y']["z"] }}{{ map.y['z'] }}`, 'deepdeep'],
    ['a whole expression with an index keeps a mapping', '{{ bots[0] }}', { name: 'jack' }],
    [
      'an index in a helper, in a block and after @root',
      '{{upper bots[0].name}}{{#each list}}{{@root.list.0}}{{/each}}',
      'JACKaa',
    ],
    [
      'an index beside a string and a number that look like one',
      '{{join list "a[0].0"}} {{default nope 1.5}} {{ list.0 }}',
      'aa[0].0b c 1.5 a',
    ],
    ['the length', '{{ list.length }}', 2],
    ['an escaped {{', 'docker ps \\{{.Names}}', 'docker ps {{.Names}}'],
    ['a raw block', '{{{{raw}}}}{{ x }}{{{{/raw}}}}', '{{ x }}'],
    ['a comment', 'a{{! not this }}b', 'ab'],
    ['if', '{{#if on}}yes{{else}}no{{/if}}', 'yes'],
    ['else if', '{{#if empty}}a{{else if on}}b{{else}}c{{/if}}', 'b'],
    ['unless', '{{#unless none}}nobody{{/unless}}', 'nobody'],
    ['a comparison', '{{#if (eq port 8080)}}same{{/if}}', 'same'],
    ['each', '{{#each bots}}{{name}},{{/each}}', 'jack,john,'],
    ['each with its index', '{{#each list}}{{@index}}{{this}}{{#unless @last}};{{/unless}}{{/each}}', '0a;1b c'],
    ['each of a mapping', '{{#each map.y}}{{@key}}={{this}}{{/each}}', 'z=deep'],
    ['each with names', '{{#each bots as |bot i|}}{{i}}{{bot.name}}{{@root.port}}{{/each}}', '0jack80801john8080'],
    ['each of nothing', '{{#each none}}x{{else}}empty{{/each}}', 'empty'],
    ['the root inside of each', '{{#each bots}}{{@root.port}}{{../name}}{{/each}}', '8080web8080web'],
    ['with', '{{#with map.y}}{{z}}{{/with}}', 'deep'],
    ['default of a missing name', '{{default nope "x"}}', 'x'],
    ['default of a missing member', '{{default map.nope "x"}}', 'x'],
    ['json', '{{json map}}', '{"x":1,"y":{"z":"deep"}}'],
    ['yaml', '{{yaml list}}', '- a\n- b c'],
    ['quote', 'echo {{quote spaced}} {{quote name}}', "echo 'it'\\''s here' web"],
    ['quote of a list', 'echo {{quote list}}', "echo a 'b c'"],
    ['quote of nothing', 'echo {{quote empty}}', "echo ''"],
    ['indent', '{{indent lines 2}}', '  a\n\n  b'],
    ['join', '{{join list "+"}}', 'a+b c'],
    ['nested helpers', '{{upper (basename path)}}', 'X.CONF'],
    ['dirname', '{{dirname path}}', '/srv/app'],
    ['replace', '{{replace path "/" "_"}}', '_srv_app_x.conf'],
    ['lookup', '{{lookup map "x"}}', 1],
  ])('renders %s', (_, text, value) => {
    expect(rendered(text, variables)).toEqual({ kind: 'value', value });
  });

  test.each([
    [
      'a list in a string',
      'x {{ list }}',
      `list is a list, which cannot be part of a string\n  x.yml:1:10\n  v: "x {{ list }}"\n           ^\n  write {{json list}}, {{yaml list}} or {{join list " "}}`,
    ],
    ['a mapping in a string', 'x {{ map.y }}', 'map.y is a mapping, which cannot be part of a string'],
    [
      'null in a string',
      'x {{ nothing }}',
      `nothing is null, which cannot be part of a string\n  x.yml:1:10\n  v: "x {{ nothing }}"\n           ^\n  write {{default nothing "..."}}`,
    ],
    [
      'an undefined name',
      '{{ prot }}',
      '"prot" is not defined\n  x.yml:1:8\n  v: "{{ prot }}"\n         ^\n  did you mean "port"?',
    ],
    ['an undefined name in a helper', '{{quote nope}}', '"nope" is not defined'],
    ['an undefined name in #if', '{{#if nope}}x{{/if}}', '"nope" is not defined'],
    ['a missing member', '{{ map.w }}', 'map has no key "w"\n  x.yml:1:12\n  v: "{{ map.w }}"\n             ^'],
    ['a missing member in a helper', '{{quote map.nope}}', 'map has no key "nope"'],
    ['a member of a string', '{{ name.x }}', 'name is a string and has no key "x"'],
    ['what JavaScript adds to objects', '{{ map.constructor }}', 'map has no key "constructor"'],
    [
      'a root name inside of each',
      '{{#each bots}}{{port}}{{/each}}',
      'the item has no key "port"\n  x.yml:1:21\n  v: "{{#each bots}}{{port}}{{/each}}"\n                      ^\n  a variable is written @root.port inside of #each and #with',
    ],
    ['each of a string', '{{#each name}}x{{/each}}', '#each goes through a list or a mapping, not a string'],
    ['a helper with a wrong value', '{{join name}}', 'join: it joins a list, not a string'],
    [
      'an unknown helper',
      '{{ uper name }}',
      'there is no helper "uper"\n  x.yml:1:8\n  v: "{{ uper name }}"\n         ^\n  did you mean "upper"?',
    ],
    ['too few arguments', '{{default name}}', 'default takes 2 arguments, not 1'],
    ['an unknown option', '{{json map x=1}}', 'json has no option "x"'],
    ['an unknown block', '{{#for list}}{{/for}}', 'there is no block "for"'],
    ['an unknown @ name', '{{@nope}}', 'there is no @nope'],
    ['@index outside of each', '{{@index}}', '@index is defined only in #each'],
    ['a partial', '{{> other}}', 'partials ({{> name}}) are not supported'],
    [
      'a filter',
      '{{ name | upper }}',
      'there are no filters\n  x.yml:1:13\n  v: "{{ name | upper }}"\n              ^\n  a helper comes first: {{upper name}}, {{default name "x"}}',
    ],
    ['an operator', '{{ port == 1 }}', 'there are no operators in a template'],
    ['an index that is a name', '{{ list[port] }}', 'an index is not written like this'],
    ['an index from the end', '{{ list[-1] }}', 'an index is not written like this'],
    ['a name after an index', '{{ list[0] }} {{ map["x"] }} {{ nope }}', '"nope" is not defined\n  x.yml:1:39\n'],
    ['a member after an index', '{{ bots[0].nane }}', 'bots.0 has no key "nane"\n  x.yml:1:16\n'],
    ['a wrong helper after an index', '{{ bots.0.name }}{{uper list.0 }}', 'there is no helper "uper"\n  x.yml:1:24\n'],
    [
      'an index beside a raw block',
      '{{{{raw}}}}{{ x[0] }}{{{{/raw}}}}{{ list[0] }}',
      'an index is not written like this',
    ],
    ['an unclosed expression', 'abc {{ name', '{{ is not closed'],
    ['an unclosed block', '{{#if on}}x', 'a block is not closed'],
    ['a block closed by another', '{{#each list}}x{{/if}}', '{{#each}} is closed by {{/if}}'],
    ['a Go template', 'docker ps --format {{.Names}}', 'a name begins with a dot'],
  ])('refuses %s', async (_, text, error) => {
    expect(await errorsOf(() => rendered(text, variables))).toContain(error);
  });

  test('whose variable waits for a result is pending', () => {
    expect(rendered('x {{ answer.rc }}', given({}, ['answer']))).toEqual({ kind: 'pending', names: ['answer'] });
    expect(rendered('{{default answer 1}}', given({}, ['answer']))).toEqual({ kind: 'pending', names: ['answer'] });
    expect(rendered('{{#if on}}x{{else}}{{answer}}{{/if}}', given({ on: true }, ['answer']))).toEqual({
      kind: 'value',
      value: 'x',
    });
  });

  test('that is the value of a variable is not rendered again', () => {
    expect(rendered('{{ said }}', given({ said: '{{ name }}', name: 'x' }))).toEqual({
      kind: 'value',
      value: '{{ name }}',
    });
  });
});

describe('a secret in a template', () => {
  const secret = given({ token: new Secret("s3'cret"), name: 'x', deep: { token: new Secret('s3cret'), plain: 'p' } });
  const revealed = (text: string): unknown => {
    const outcome = rendered(text, secret);
    if (outcome.kind !== 'value') throw new Error('pending');
    return outcome.value instanceof Secret ? { secret: outcome.value.reveal() } : outcome.value;
  };
  test.each<[string, string, unknown]>([
    ['alone stays one', '{{ token }}', { secret: "s3'cret" }],
    ['makes its text one', 'Bearer {{ token }}!', { secret: "Bearer s3'cret!" }],
    ['stays one through helpers', '{{upper (quote token)}}', { secret: "'S3'\\''CRET'" }],
    ['stays one inside of json', '{{json deep}}', { secret: '{"token":"s3cret","plain":"p"}' }],
    ['stays one behind a block', '{{#if name}}{{token}}{{/if}}', { secret: "s3'cret" }],
    ['does not taint its neighbours', '{{ deep.plain }}', 'p'],
    ['may be compared', '{{#if (eq deep.token "s3cret")}}same{{/if}}', 'same'],
    ['may be asked for', '{{#if token}}set{{/if}}', 'set'],
    ['stays one through default', '{{default token "x"}}', { secret: "s3'cret" }],
  ])('%s', (_, text, value) => {
    expect(revealed(text)).toEqual(value);
  });
});

describe('a template file', () => {
  test('keeps its lines, and a block tag that is alone on a line leaves no line', () => {
    const text = '[Unit]\n{{#if on}}\nAfter=x\n{{/if}}\n{{#each list}}\nExec={{this}}\n{{/each}}\nend\n';
    expect(renderedFile(text, variables)).toEqual({ kind: 'value', value: '[Unit]\nAfter=x\nExec=a\nExec=b c\nend\n' });
  });
  test('of a Windows checkout has Unix line endings', () => {
    expect(renderedFile('a {{name}}\r\nb\r\n', variables)).toEqual({ kind: 'value', value: 'a web\nb\n' });
  });
  test('reports the location of an error', async () => {
    expect(await errorsOf(() => renderedFile('one\n  x={{ nope }}\n', variables))).toContain(
      '"nope" is not defined\n  templates/x.hbs:2:8\n    x={{ nope }}\n         ^',
    );
    expect(await errorsOf(() => renderedFile('one\n\n  two {{ a b | c }}\n', variables))).toContain(
      'templates/x.hbs:3:14',
    );
  });
});

describe('any string in a variable', () => {
  test('arrives unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(rendered('{{ x }}', given({ x: text }))).toEqual({ kind: 'value', value: text });
        expect(rendered('a{{ x }}b', given({ x: text }))).toEqual({ kind: 'value', value: `a${text}b` });
        expect(renderedFile('{{#each l}}{{this}}{{/each}}', given({ l: [text] }))).toEqual({
          kind: 'value',
          value: text,
        });
      }),
    );
  });
  test('without {{ in a file arrives unchanged', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('{{'));
        expect(renderedFile(text.replaceAll('\r', ''), given({}))).toEqual({
          kind: 'value',
          value: text.replaceAll('\r', '').replace(/^\uFEFF/, ''),
        });
      }),
    );
  });
});

test('every helper has a usage text', () => {
  for (const [name, helper] of Object.entries(helpers)) {
    expect(helper.usage).toContain(name);
    expect(helper.about).not.toMatch(/^[A-Z]|\.$/);
  }
});
