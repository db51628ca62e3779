import { describe, expect, test } from 'vitest';
import { replace } from '../../src/modules/replace.ts';
import { table } from './edit-table.ts';
import { edited } from './edited.ts';

describe('replace', () => {
  table(replace, [
    ['a host name, with groups', { regexp: '(\\s+)old\\.host\\.name(\\s+.*)?$', replace: '\\1new.host.name\\2' }, 'a\n2  old.host.name x\n', 'a\n2  new.host.name x\n'],
    ['named groups', { regexp: '^(?P<k>Listen )(?P<v>\\d+)$', replace: '\\g<k>127.0.0.1:\\g<v>' }, 'Listen 80\n', 'Listen 127.0.0.1:80\n'],
    ['after', { after: 'NameVirtualHost [*]', regexp: '^([^#\\n].*)$', replace: '# \\1' }, 'a\nNameVirtualHost *\nb\n#c\n', 'a\nNameVirtualHost *\n# b\n#c\n'],
    ['before', { before: '# live site config', regexp: '^([^#\\n].*)$', replace: '# \\1' }, 'a\nb\n# live site config\nc\n', '# a\n# b\n# live site config\nc\n'],
    ['between', { after: '<VirtualHost [*]>', before: '</VirtualHost>', regexp: '^([^#\\n].*)$', replace: '# \\1' }, 'a\n<VirtualHost *>\nb\n</VirtualHost>\nc\n</VirtualHost>\n', 'a\n<VirtualHost *>\n# b\n</VirtualHost>\nc\n</VirtualHost>\n'],
    ['nothing between', { after: 'x', before: 'y', regexp: 'a', replace: 'b' }, 'a\n', 'a\n'],
    ['removed', { regexp: '^#.*\\n' }, '#a\nb\n#c\n', 'b\n'],
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
