import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { line } from '../../src/modules/line.ts';
import { table } from './edit-table.ts';
import { complete, edited } from './edited.ts';

describe('line', () => {
  const sudoers = { line: '%wheel ALL=(ALL) NOPASSWD: ALL', regexp: '^%wheel\\s', validate: 'visudo -cf %s' };
  table(line, [
    ['a line that matches is replaced', { regexp: '^SELINUX=', line: 'SELINUX=enforcing' }, 'a\nSELINUX=no\n', 'a\nSELINUX=enforcing\n'],
    ['lines are removed', { regexp: '^%wheel', state: 'absent' }, '%wheel a\nb\n%wheel c\n', 'b\n'],
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
    ['no final newline, the last line removed', { line: 'b', state: 'absent' }, 'a\nb', 'a'],
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
