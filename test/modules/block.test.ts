import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { block } from '../../src/modules/block.ts';
import { table } from './edit-table.ts';
import { complete, edited } from './edited.ts';

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
    ['removed', { ...html, block: '' }, `<body>\n${marked('x\n')}</body>\n`, '<body>\n</body>\n'],
    ['removed by state', { block: 'whatever', state: 'absent' }, `a\n${wrapped('x\n')}`, 'a\n'],
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
