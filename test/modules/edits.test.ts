import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { block } from '../../src/modules/block.ts';
import { line } from '../../src/modules/line.ts';
import { replace } from '../../src/modules/replace.ts';
import { pythonRegexp } from '../../src/modules/text/python-regexp.ts';
import fc from '../samples.ts';
import { complete, edited } from './edited.ts';

type Row = readonly [what: string, args: JsonObject, before: string, after: string];

function table(module: Module, rows: readonly Row[]): void {
  test.each(rows)('%s', (_what, args, before, after) => {
    expect(module.misuse?.(complete(module, { path: '/f', ...args }))).toBeUndefined();
    const done = edited(module, args, before);
    expect(done.failed).toBeUndefined();
    expect(done.text).toBe(after);
    expect(done.changed).toBe(before !== after);
  });
}

describe('line', () => {
  const sudoers = { line: '%wheel ALL=(ALL) NOPASSWD: ALL', regexp: '^%wheel\\s', validate: 'visudo -cf %s' };
  table(line, [
    ['a line that matches is replaced', { regexp: '^SELINUX=', line: 'SELINUX=enforcing' }, 'a\nSELINUX=no\n', 'a\nSELINUX=enforcing\n'],
    ['lines are taken away', { regexp: '^%wheel', state: 'absent' }, '%wheel a\nb\n%wheel c\n', 'b\n'],
    ['a hosts entry', { regexp: '^127\\.0\\.0\\.1', line: '127.0.0.1 localhost', mode: '0644' }, '127.0.0.1 x\n::1 y\n', '127.0.0.1 localhost\n::1 y\n'],
    ['insertafter', { regexp: '^Listen ', insertafter: '^#Listen ', line: 'Listen 8080' }, '#Listen 80\nx\n', '#Listen 80\nListen 8080\nx\n'],
    ['insertbefore', { regexp: '^www.*80/tcp', insertbefore: '^www.*80/tcp', line: '# port for http by default' }, 'a\n', 'a\n# port for http by default\n'],
    ['no regexp: added at the end', { line: '192.168.1.99 foo.lab.net foo' }, 'a\n', 'a\n192.168.1.99 foo.lab.net foo\n'],
    ['no regexp: there is enough', { line: 'foo' }, 'foo\na\n', 'foo\na\n'],
    ['a regexp that matches in the middle, with backrefs', { regexp: '^(.*)Xms(\\d+)m(.*)$', line: '\\1Xms${xms}m\\g<3>', backrefs: true }, 'java -Xms512m x\n', 'java -Xms${xms}m x\n'],
    ['backrefs without a match do nothing', { regexp: '^no(thing)', line: 'x \\1', backrefs: true, insertafter: 'EOF' }, 'a\n', 'a\n'],
    ['search_string', { search_string: '(ALL)', line: 'b' }, 'a (ALL)\nc\n', 'b\nc\n'],
    ['validated by visudo', sudoers, '%wheel x\n', `${sudoers.line}\n`],
    ['BOF', { line: 'first', insertbefore: 'BOF' }, 'a\n', 'first\na\n'],
    ['insertafter: EOF', { line: 'last', insertafter: 'EOF' }, 'a\n', 'a\nlast\n'],
    ['insertafter takes the last match', { line: 'x', insertafter: '^a' }, 'a1\na2\nb\n', 'a1\na2\nx\nb\n'],
    ['insertafter takes the first match if asked', { line: 'x', insertafter: '^a', firstmatch: true }, 'a1\na2\nb\n', 'a1\nx\na2\nb\n'],
    ['insertbefore takes the last match', { line: 'x', insertbefore: '^a' }, 'a1\na2\nb\n', 'a1\nx\na2\nb\n'],
    ['insertbefore takes the first match if asked', { line: 'x', insertbefore: '^a', firstmatch: true }, 'a1\na2\n', 'x\na1\na2\n'],
    ['the last match is replaced', { line: 'k=3', regexp: '^k=' }, 'k=1\nk=2\n', 'k=1\nk=3\n'],
    ['the first match is replaced if asked', { line: 'k=3', regexp: '^k=', firstmatch: true }, 'k=1\nk=2\n', 'k=3\nk=2\n'],
    ['a comment is uncommented once, though others match', { line: 'Port 22', regexp: '^#Port' }, '#Port 1\n#Port 2\n', '#Port 1\nPort 22\n'],
    ['line ends of Windows', { line: 'b', insertafter: '^a$' }, 'a\r\nc\r\n', 'a\r\nb\r\nc\r\n'],
    ['a line that is replaced keeps its end', { line: 'b', regexp: '^a$' }, 'a\r\nc\n', 'b\r\nc\n'],
    ['no final newline, added at the end', { line: 'b' }, 'a', 'a\nb'],
    ['no final newline, replaced', { line: 'b', regexp: '^a' }, 'a', 'b'],
    ['no final newline, the last line taken away', { line: 'b', state: 'absent' }, 'a\nb', 'a'],
    ['the last line of all', { line: 'b', state: 'absent' }, 'b\n', ''],
    ['an empty file', { line: 'b' }, '', 'b\n'],
    ['a mark of byte order stays in front', { line: 'b', insertbefore: 'BOF' }, '\ufeffa\n', '\ufeffb\na\n'],
    ['the newline of a YAML block is none', { line: 'b\n' }, 'a\nb\n', 'a\nb\n'],
    ['an empty line', { line: '', insertafter: '^a' }, 'a\nb\n', 'a\n\nb\n'],
    ['a $ and a backslash are themselves without backrefs', { line: '$1 \\1 $&', regexp: '^(a)' }, 'a\n', '$1 \\1 $&\n'],
    ['a brace needs no backslash', { line: 'server { # x', regexp: '^server {' }, 'server {\n', 'server { # x\n'],
  ]); // biome-ignore format: a table

  test.each<[JsonObject, string]>([
    [{ regexp: 'a' }, 'state present needs line'],
    [{ line: 'a', backrefs: true }, 'backrefs needs regexp'],
    [{ state: 'absent' }, 'state absent needs line, regexp or search_string'],
    [{ line: 'a', regexp: 'a', search_string: 'b' }, 'line takes regexp or search_string, not both'],
    [{ line: 'a', insertafter: 'a', insertbefore: 'b' }, 'line takes insertafter or insertbefore, not both'],
    [{ line: 'a\nb' }, 'line is more than one line: block keeps several'],
    [{ line: 'a', regexp: '(' }, "the regular expression ( can't be used: unterminated group"],
  ])('%j is refused', (args, message) => {
    expect(line.misuse?.(complete(line, { path: '/f', ...args }))?.message).toBe(message);
  });

  test('a group that does not exist is an error before the run', () => {
    const args = complete(line, { path: '/f', line: '\\2', regexp: '(a)', backrefs: true });
    expect(() => line.misuse?.(args)).toThrow("the replacement \\2 can't be used: there is no group 2");
  });

  test('a line whose result matches again is rejected before any change', () => {
    expect(edited(line, { line: '\\1 x', regexp: '^(.*)$', backrefs: true }, 'a\n').failed).toBe(
      '/f would be changed again by every run: what is put in is itself edited the next time',
    );
  });

  test('the title names the line', () => {
    expect(edited(line, { line: 'b', regexp: '^a' }, 'x\na\n').title).toBe('replace line 2 in /f');
    expect(edited(line, { line: 'b' }, 'a\n').title).toBe('add a line in /f');
    expect(edited(line, { regexp: 'a', state: 'absent' }, 'a\na\n').title).toBe('remove 2 lines in /f');
  });
});

describe('replace', () => {
  table(replace, [
    ['a host name, with groups', { regexp: '(\\s+)old\\.host\\.name(\\s+.*)?$', replace: '\\1new.host.name\\2' }, 'a\n2  old.host.name x\n', 'a\n2  new.host.name x\n'],
    ['named groups', { regexp: '^(?P<k>Listen )(?P<v>\\d+)$', replace: '\\g<k>127.0.0.1:\\g<v>' }, 'Listen 80\n', 'Listen 127.0.0.1:80\n'],
    ['after', { after: 'NameVirtualHost [*]', regexp: '^([^#\\n].*)$', replace: '# \\1' }, 'a\nNameVirtualHost *\nb\n#c\n', 'a\nNameVirtualHost *\n# b\n#c\n'],
    ['before', { before: '# live site config', regexp: '^([^#\\n].*)$', replace: '# \\1' }, 'a\nb\n# live site config\nc\n', '# a\n# b\n# live site config\nc\n'],
    ['between', { after: '<VirtualHost [*]>', before: '</VirtualHost>', regexp: '^([^#\\n].*)$', replace: '# \\1' }, 'a\n<VirtualHost *>\nb\n</VirtualHost>\nc\n</VirtualHost>\n', 'a\n<VirtualHost *>\n# b\n</VirtualHost>\nc\n</VirtualHost>\n'],
    ['nothing between', { after: 'x', before: 'y', regexp: 'a', replace: 'b' }, 'a\n', 'a\n'],
    ['taken away', { regexp: '^#.*\\n' }, '#a\nb\n#c\n', 'b\n'],
    ['line ends of Windows stay', { regexp: '^a$', replace: 'b\nc' }, 'a\r\nx\r\na', 'b\r\nc\r\nx\r\nb\r\nc'],
    ['across line ends of Windows', { regexp: 'a\\nb', replace: 'c' }, 'a\r\nb\r\n', 'c\r\n'],
    ['line ends of Windows are replaced if named', { regexp: '\\r\\n', replace: '\\n' }, 'a\r\nb\r\n', 'a\nb\n'],
    ['what does not match keeps its line end', { regexp: 'b', replace: 'c' }, 'a\r\nb\nd\r\n', 'a\r\nc\nd\r\n'],
    ['a dollar is a dollar', { regexp: 'x', replace: '$1 $& $$' }, 'x', '$1 $& $$'],
    ['all of what matched', { regexp: '^\\w+$(?!\\n#)', replace: '\\g<0>\\n#' }, 'a', 'a\n#'],
    ['a group that took no part', { regexp: '^a(b)?c', replace: '[\\1]' }, 'ac\n', '[]\n'],
    ['letters of any size', { regexp: '^(?i)A$'.slice(1), replace: 'b' }, 'a\n', 'b\n'],
  ]); // biome-ignore format: a table

  test.each(['^(.+)$', '\\b(localhost)(\\d*)\\b'])('%s is rejected: it matches its own replacement', (regexp) => {
    expect(edited(replace, { regexp, replace: '# \\1' }, 'localhost1\n').failed).toContain('would be changed again');
  });

  test('reports that there is no text between after and before', () => {
    expect(edited(replace, { after: 'x', regexp: 'a', replace: 'b' }, 'a').message).toBe(
      'no part of the file is between after and before',
    );
  });
});

describe('regular expressions of Python', () => {
  test.each([
    ['(?P<a>x)(?P=a)', 'xx'],
    ['\\Ax\\Z', 'x'],
    ['(?i)X', 'x'],
    ['(?s)a.b', 'a\nb'],
    ['a{,2}b', 'aab'],
    ['a{b}', 'a{b}'],
    ['{{ name }}', '{{ name }}'],
    ['[]a]+', ']a'],
    ['[^]]', 'a'],
    ['\\-\\#\\"\\ \\=\\@', '-#" =@'],
    ['[\\-\\#]+', '-#'],
    ['x(?# a comment)y', 'xy'],
    ['\\U0001F600.', '😀😀'],
    ['a]', 'a]'],
    ['(?:a|b)(?=c)c(?<=c)(?<!d)', 'bc'],
    ['a+?b*?c??', 'a'],
    ['\\u00e4', 'ä'],
    ['a\\/b', 'a/b'],
    ['[[a]', '['],
    ['(?<n>a)\\1', 'aa'],
    ['a{2}?a', 'aaa'],
  ])('%s matches %j', (source, text) => {
    expect(pythonRegexp(source).exec(text)?.[0]).toBe(text);
  });

  test.each([
    ['a++', 'possessive quantifiers are not known here'],
    ['a{2}+', 'possessive quantifiers are not known here'],
    ['(?>a)', 'atomic groups (?>...) are not known here'],
    ['(a)(?(1)b|c)', 'conditions (?(1)...) are not known here'],
    ['(?x) a', 'the flag x is not known here'],
    ['a(?i)b', 'flags that are not at the start are not known here'],
    ['(?i:a)', 'flags for a part are not known here'],
    ['[[:space:]]', '[:space:] is not known here'],
    ['\\ya', '\\y is not known here'],
    ['[a', 'a [ is never closed'],
    ['a\\', 'it ends in a backslash'],
    ['*a', 'nothing to repeat'],
    ['(a', 'unterminated group'],
    ['(a)\\2', 'invalid escape'],
  ])('%s: %s', (source, why) => {
    expect(() => pythonRegexp(source)).toThrow(`the regular expression ${source} can't be used: ${why}`);
  });
});

describe('block', () => {
  const wrapped = (text: string): string => `# BEGIN HEAL MANAGED BLOCK\n${text}# END HEAL MANAGED BLOCK\n`;
  const html = { marker: '<!-- {mark} DUTY -->' };
  const duty = '## Watchdog Duty\n\n- one\n- two\n';
  const marked = (text: string): string => `<!-- BEGIN DUTY -->\n${text}<!-- END DUTY -->\n`;
  table(block, [
    ['at the end', { block: 'Match User ansible-agent\nPasswordAuthentication no\n' }, 'a\n', `a\n${wrapped('Match User ansible-agent\nPasswordAuthentication no\n')}`],
    ['an interface', { block: 'iface eth0 inet static\n    address 192.0.2.23' }, '', wrapped('iface eth0 inet static\n    address 192.0.2.23\n')],
    ['updated in its place', { block: 'new' }, `a\n${wrapped('old\nolder\n')}b\n`, `a\n${wrapped('new\n')}b\n`],
    ['as it is', { block: 'new', insertbefore: 'BOF' }, `a\n${wrapped('new\n')}b\n`, `a\n${wrapped('new\n')}b\n`],
    ['after a line, with another marker', { ...html, insertafter: '<body>', block: '<h1>x</h1>' }, '<body>\n</body>\n', '<body>\n<!-- BEGIN DUTY -->\n<h1>x</h1>\n<!-- END DUTY -->\n</body>\n'],
    ['before a line', { ...html, insertbefore: '^b', block: 'x' }, 'a\nb\n', 'a\n<!-- BEGIN DUTY -->\nx\n<!-- END DUTY -->\nb\n'],
    ['taken away', { ...html, block: '' }, `<body>\n${marked('x\n')}</body>\n`, '<body>\n</body>\n'],
    ['taken away by state', { block: 'whatever', state: 'absent' }, `a\n${wrapped('x\n')}`, 'a\n'],
    ['nothing to take away', { state: 'absent' }, 'a\n', 'a\n'],
    ['words for the marks', { marker: '{mark}', marker_begin: 'Open', marker_end: 'Close', block: 'x' }, '', 'Open\nx\nClose\n'],
    ['line ends of Windows', { block: 'x\ny' }, 'a\r\n', `a\r\n${wrapped('x\ny\n').replaceAll('\n', '\r\n')}`],
    ['line ends of Windows, as they are', { block: 'x\ny' }, wrapped('x\ny\n').replaceAll('\n', '\r\n'), wrapped('x\ny\n').replaceAll('\n', '\r\n')],
    ['no final newline', { block: 'x' }, 'a', `a\n${wrapped('x\n')}`.slice(0, -1)],
    ['empty lines around', { block: 'x', prepend_newline: true, append_newline: true, insertafter: '^a' }, 'a\nb\n', `a\n\n${wrapped('x\n')}\nb\n`],
    ['empty lines that are there', { block: 'x', prepend_newline: true, append_newline: true, insertafter: '^a' }, `a\n\n${wrapped('x\n')}\nb\n`, `a\n\n${wrapped('x\n')}\nb\n`],
    ['a $ in the marker and the block', { marker: '{mark} $& $1', block: '$& $1' }, '', 'BEGIN $& $1\n$& $1\nEND $& $1\n'],
    ['the same lines are adopted', { ...html, block: 'x\ny', adopt: true }, 'a\nx\ny\nb\n', `a\n${marked('x\ny\n')}b\n`],
    ['other lines are not', { ...html, block: 'x\ny', adopt: true }, 'a\nx\nb\n', `a\nx\nb\n${marked('x\ny\n')}`],
    ['without adopt a second copy is made', { ...html, block: 'x' }, 'x\n', `x\n${marked('x\n')}`],
    ['a section put there by hand is adopted', { ...html, block: duty, adopt: 'section' }, `# Heartbeat\n\n${duty}\n## Other\n\nx\n`, `# Heartbeat\n\n${marked(duty)}\n## Other\n\nx\n`],
    ['a section with another text is adopted, up to the next heading', { ...html, block: duty, adopt: 'section' }, '# H\n## Watchdog Duty\nold\n### Part\n```\n# no heading\n```\n\n## Other\n', `# H\n${marked(duty)}\n## Other\n`],
    ['a section at the end', { ...html, block: duty, adopt: 'section' }, 'x\n\n## Watchdog Duty  \nold\n\n\n', `x\n\n${marked(duty)}\n\n`],
    ['no such section: added', { ...html, block: duty, adopt: 'section' }, '# H\n', `# H\n${marked(duty)}`],
    ['a section of an INI file', { marker: '; {mark}', block: '[a]\nx=2', adopt: 'section' }, '[a]\nx=1\n# c\n\n[b]\ny=1\n', '; BEGIN\n[a]\nx=2\n; END\n\n[b]\ny=1\n'],
  ]); // biome-ignore format: a table

  test('a marker without its counterpart is an error', () => {
    expect(edited(block, { block: 'x' }, 'a\n# BEGIN HEAL MANAGED BLOCK\n').failed).toBe(
      '/f: line 2 is # BEGIN HEAL MANAGED BLOCK, but # END HEAL MANAGED BLOCK is missing',
    );
  });

  test.each<[JsonObject, string]>([
    [{ block: 'a', insertafter: 'a', insertbefore: 'b' }, 'block takes insertafter or insertbefore, not both'],
    [{ block: 'a', marker_end: 'BEGIN' }, 'the two markers are the same'],
    [{ block: 'a\n# END HEAL MANAGED BLOCK' }, 'the block contains its own marker: # END HEAL MANAGED BLOCK'],
    [
      { block: 'a', adopt: 'section' },
      'adopt: section needs a block whose first line is a heading: ## Title, or [title]',
    ],
  ])('%j is refused', (args, message) => {
    expect(block.misuse?.(complete(block, { path: '/f', ...args }))?.message).toBe(message);
  });
});

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
