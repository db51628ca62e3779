import type { Misuse } from '../core/playbook.ts';
import { defineModule } from './definition/define.ts';
import { type Adoption, adoptable, headingOf } from './text/block-adoption.ts';
import { type Edited, editedPlan, editedReads } from './text/edited-file.ts';
import { editedProperties } from './text/edited-schema.ts';
import { pythonRegexp, wrongRegexp } from './text/python-regexp.ts';
import { type Line, linesOf, newLines, textOfLines } from './text/text-lines.ts';

const { path, ...rest } = editedProperties;
const text = { type: 'string', minLength: 1 } as const;

/** Manages a block of lines between two marker lines. */
export const block = defineModule({
  name: 'block',
  about: 'Manages a block of lines between two marker lines.',
  args: {
    properties: {
      path,
      block: { type: 'string', default: '', description: 'Lines of the block. An empty string removes the block.' },
      state: { enum: ['present', 'absent'], default: 'present' },
      marker: {
        type: 'string',
        pattern: '^[^\\r\\n]*\\{mark\\}[^\\r\\n]*$',
        default: '# {mark} HEAL MANAGED BLOCK',
        description:
          'Template of the marker lines; {mark} is BEGIN or END. Each block in a file needs a different marker. Ansible\'s default is "# {mark} ANSIBLE MANAGED BLOCK".',
      },
      marker_begin: { ...text, default: 'BEGIN', description: 'Value of {mark} in the line before the block.' },
      marker_end: { ...text, default: 'END', description: 'Value of {mark} in the line after the block.' },
      insertafter: {
        ...text,
        description:
          'Where to insert a new block: after the last line matching this regular expression, or `EOF` (default) or `BOF`.',
      },
      insertbefore: {
        ...text,
        description: 'Where to insert a new block: before the last line matching this regular expression, or `BOF`.',
      },
      append_newline: { type: 'boolean', default: false, description: 'Add an empty line after the block.' },
      prepend_newline: { type: 'boolean', default: false, description: 'Add an empty line before the block.' },
      adopt: {
        enum: [false, true, 'section'],
        default: false,
        description:
          'Add the markers around existing unmarked text instead of inserting a new block. `true`: around lines equal to `block`. `section`: else around the section that starts with the first line of `block` and ends before the next heading of the same or a higher level.',
      },
      ...rest,
    },
    required: ['path'],
  },
  aliases: { dest: 'path', destfile: 'path', name: 'path', content: 'block' },
  examples: [
    {
      name: 'Jump hosts are known to ssh',
      args: { path: '/etc/ssh/ssh_config', block: 'Host jump\n  HostName 203.0.113.9\n  User coach\n' },
    },
    {
      name: 'The duty is in the notes',
      args: {
        path: '/srv/bot/HEARTBEAT.md',
        marker: '<!-- {mark} WATCHDOG DUTY -->',
        block: '## Watchdog Duty\n\n- Look whether Jack answers.\n',
        adopt: 'section',
      },
    },
  ],
  misuse: (args) => wrongArguments(args),
  reads: (args, look, input) => editedReads(args, look, input),
  plan: (args, answers, input) => {
    const wrong = wrongArguments(args);
    if (wrong !== undefined) return { changes: [], failed: wrong.message };
    return args.state === 'absent' || args.block === ''
      ? editedPlan(args, answers, input, (before) => without(args, before), 'is fine')
      : editedPlan(args, answers, input, (before) => withBlock(args, before));
  },
});

interface BlockArgs {
  readonly block: string;
  readonly state: 'present' | 'absent';
  readonly marker: string;
  readonly marker_begin: string;
  readonly marker_end: string;
  readonly insertafter?: string;
  readonly insertbefore?: string;
  readonly append_newline: boolean;
  readonly prepend_newline: boolean;
  readonly adopt: Adoption;
}

function withBlock(args: BlockArgs, before: string): Edited {
  const lines = linesOf(before);
  const [begin, end] = markers(args);
  const wanted = [begin, ...newLines(args.block).map((line) => line.text), end];
  const found = marked(lines, begin, end);
  if ('failed' in found) return found;
  const adopted = found.start === -1 ? adoptable(args.adopt, lines, wanted.slice(1, -1)) : undefined;
  const at = adopted ?? (found.start === -1 ? empty(place(args, lines)) : found);
  const there = lines.slice(at.start, at.end);
  const same = there.length === wanted.length && there.every(({ text: one }, i) => one === wanted[i]);
  const blank = (line: Line | undefined): boolean => line !== undefined && line.text !== '';
  const next = [
    ...lines.slice(0, at.start),
    ...(args.prepend_newline && blank(lines[at.start - 1]) ? [{ text: '', end: '' }] : []),
    ...(same ? there : wanted.map((one) => ({ text: one, end: '' }))),
    ...(args.append_newline && blank(lines[at.end]) ? [{ text: '', end: '' }] : []),
    ...lines.slice(at.end),
  ];
  return {
    text: same && next.length === lines.length ? before : textOfLines(next, before),
    what: adopted !== undefined ? 'adopt the block' : found.start === -1 ? 'add the block' : 'update the block',
  };
}

function without(args: BlockArgs, before: string): Edited {
  const lines = linesOf(before);
  const found = marked(lines, ...markers(args));
  if ('failed' in found) return found;
  return {
    text: found.start === -1 ? before : textOfLines(lines.toSpliced(found.start, found.end - found.start), before),
    what: 'remove the block',
  };
}

function markers({ marker, marker_begin, marker_end }: BlockArgs): [begin: string, end: string] {
  return [marker.replaceAll('{mark}', () => marker_begin), marker.replaceAll('{mark}', () => marker_end)];
}

interface Range {
  readonly start: number;
  /** After the last one. */
  readonly end: number;
}

/** The last block between these markers; `start` is -1 if there is none. */
function marked(
  lines: readonly Line[],
  begin: string,
  end: string,
): Range | { readonly failed: string; readonly hint: string } {
  const last = lines.findLastIndex(({ text: one }) => one === end);
  const start = lines.findLastIndex(({ text: one }, i) => one === begin && (last === -1 || i < last));
  if (start === -1 && last === -1) return empty(-1);
  if (start !== -1 && last !== -1) return { start, end: last + 1 };
  const [there, lacking, at] = last === -1 ? [begin, end, start] : [end, begin, last];
  return {
    failed: `line ${at + 1} is ${there}, but ${lacking} is missing`,
    hint: 'put the other marker where it belongs, or take this one away',
  };
}

function place({ insertafter, insertbefore }: BlockArgs, lines: readonly Line[]): number {
  if (insertafter === 'BOF' || insertbefore === 'BOF') return 0;
  const near = insertafter === 'EOF' ? undefined : (insertafter ?? insertbefore);
  if (near === undefined) return lines.length;
  const regexp = pythonRegexp(near);
  const at = lines.findLastIndex(({ text: one }) => one.search(regexp) !== -1);
  return at === -1 ? lines.length : insertafter === undefined ? at : at + 1;
}

function empty(at: number): Range {
  return { start: at, end: at };
}

function wrongArguments(args: BlockArgs): Misuse | undefined {
  const { insertafter, insertbefore } = args;
  const wrong = wrongRegexp({ insertafter, insertbefore });
  if (wrong !== undefined) return wrong;
  if (insertafter !== undefined && insertbefore !== undefined)
    return { argument: 'insertbefore', message: 'block takes insertafter or insertbefore, not both' };
  const [begin, end] = markers(args);
  if (begin === end) return { argument: 'marker_end', message: 'the two markers are the same' };
  if (args.adopt === 'section' && args.block !== '' && headingOf(newLines(args.block)[0]?.text ?? '') === undefined)
    return {
      argument: 'adopt',
      message: 'adopt: section needs a block whose first line is a heading: ## Title, or [title]',
    };
  const inside = newLines(args.block).find(({ text: one }) => one === begin || one === end);
  return inside && { argument: 'block', message: `the block contains its own marker: ${inside.text}` };
}
