import type { Misuse } from '../core/playbook.ts';
import { defineModule } from './definition/define.ts';
import { type Edited, editedPlan, editedReads } from './text/edited-file.ts';
import { editedProperties } from './text/edited-schema.ts';
import { pythonRegexp, wrongRegexp } from './text/python-regexp.ts';
import { substituted, substitutionFor } from './text/substitution.ts';
import { type Line, linesOf, textOfLines } from './text/text-lines.ts';

const { path, ...rest } = editedProperties;
const text = { type: 'string', minLength: 1 } as const;

/** Manages one line of a file, or removes lines. */
export const line = defineModule({
  name: 'line',
  about: 'Manages one line of a file, or removes lines.',
  args: {
    properties: {
      path,
      line: { type: 'string', description: 'Line to insert; with `backrefs`: the replacement.' },
      state: { enum: ['present', 'absent'], default: 'present', description: '`absent` removes all matching lines.' },
      regexp: {
        ...text,
        description:
          'Regular expression of the line to replace (the last match). With `state: absent`: of all lines to remove.',
      },
      search_string: { ...text, description: 'Like `regexp`, but a literal string that the line contains.' },
      backrefs: {
        type: 'boolean',
        default: false,
        description:
          'Replace \\1 and \\g<name> in `line` with the groups of `regexp`. Without a match the file is not changed.',
      },
      insertafter: {
        ...text,
        description:
          'Where to insert when no line matches: after the last line matching this regular expression, or `EOF` (default) or `BOF`.',
      },
      insertbefore: {
        ...text,
        description:
          'Where to insert when no line matches: before the last line matching this regular expression, or `BOF`.',
      },
      firstmatch: { type: 'boolean', default: false, description: 'Use the first match instead of the last one.' },
      ...rest,
    },
    required: ['path'],
  },
  aliases: { dest: 'path', destfile: 'path', name: 'path', regex: 'regexp' },
  examples: [
    {
      name: 'SSH accepts no passwords',
      args: {
        path: '/etc/ssh/sshd_config',
        regexp: '^#?PasswordAuthentication ',
        line: 'PasswordAuthentication no',
        validate: 'sshd -t -f %s',
      },
    },
    {
      name: 'The registry has a name',
      args: { path: '/etc/hosts', line: '10.0.0.5 registry.internal', insertafter: '^127\\.0\\.0\\.1' },
    },
    {
      name: 'Nothing is mounted from the old disk',
      args: { path: '/etc/fstab', regexp: '^/dev/sdb', state: 'absent' },
    },
  ],
  misuse: (args) => wrongArguments(args),
  reads: (args, look, input) => editedReads(args, look, input),
  plan: (args, answers, input) => {
    const wrong = wrongArguments(args);
    if (wrong !== undefined) return { changes: [], failed: wrong.message };
    return args.state === 'absent'
      ? editedPlan(args, answers, input, (before) => without(args, before), 'is fine')
      : editedPlan(args, answers, input, (before) => withLine(args, before));
  },
});

interface LineArgs {
  readonly line?: string;
  readonly state: 'present' | 'absent';
  readonly regexp?: string;
  readonly search_string?: string;
  readonly backrefs: boolean;
  readonly insertafter?: string;
  readonly insertbefore?: string;
  readonly firstmatch: boolean;
}

function withLine(args: LineArgs, before: string): Edited {
  const lines = linesOf(before);
  const wanted = (args.line ?? '').replace(/\r?\n$/, '');
  const matches = matcher(args);
  const found = matches === undefined ? -1 : pick(lines, matches, args.firstmatch);
  const is = lines.some(({ text: one }) => one === wanted);
  const put = (text: string, at: number, removed: 0 | 1): Edited => ({
    what: removed === 1 ? `replace line ${at + 1}` : 'add a line',
    text: textOfLines(lines.toSpliced(at, removed, { text, end: lines[at]?.end ?? '' }), before),
  });
  if (args.backrefs) {
    const regexp = pythonRegexp(args.regexp ?? '');
    const match = found === -1 ? null : first(regexp, lines[found]?.text ?? '');
    if (match === null) return { text: before, what: '', message: 'no line matches regexp' };
    return put(substituted(substitutionFor(regexp, wanted), match), found, 1);
  }
  // An existing line that its own regexp does not match is kept: any other match is a different line.
  if (is && (found === -1 || matches?.(wanted) !== true)) return { text: before, what: '' };
  return found === -1 ? put(wanted, place(args, lines), 0) : put(wanted, found, 1);
}

function without(args: LineArgs, before: string): Edited {
  const wanted = (args.line ?? '').replace(/\r?\n$/, '');
  const matches = matcher(args) ?? ((one: string) => one === wanted);
  const lines = linesOf(before);
  const left = lines.filter(({ text: one }) => !matches(one));
  const count = lines.length - left.length;
  return {
    text: count === 0 ? before : textOfLines(left, before),
    what: count === 1 ? 'remove a line' : `remove ${count} lines`,
  };
}

/** Position of a new line: the end, if the requested position is not found. */
function place(args: LineArgs, lines: readonly Line[]): number {
  const { insertafter, insertbefore } = args;
  if (insertafter === 'BOF' || insertbefore === 'BOF') return 0;
  const near = insertafter === 'EOF' ? undefined : (insertafter ?? insertbefore);
  if (near === undefined) return lines.length;
  const regexp = pythonRegexp(near);
  const at = pick(lines, (one) => first(regexp, one) !== null, args.firstmatch);
  if (at === -1) return lines.length;
  return insertafter === undefined ? at : at + 1;
}

function matcher({ regexp, search_string: part }: LineArgs): ((line: string) => boolean) | undefined {
  if (part !== undefined) return (one) => one.includes(part);
  if (regexp === undefined) return undefined;
  const compiled = pythonRegexp(regexp);
  return (one) => first(compiled, one) !== null;
}

function pick(lines: readonly Line[], matches: (line: string) => boolean, firstMatch: boolean): number {
  return firstMatch ? lines.findIndex((one) => matches(one.text)) : lines.findLastIndex((one) => matches(one.text));
}

function first(regexp: RegExp, text: string): RegExpExecArray | null {
  regexp.lastIndex = 0;
  return regexp.exec(text);
}

function wrongArguments(args: LineArgs): Misuse | undefined {
  const { line: wanted, regexp, search_string: part, backrefs, insertafter, insertbefore, state } = args;
  const wrong = wrongRegexp({ regexp, insertafter, insertbefore });
  if (wrong !== undefined) return wrong;
  if (regexp !== undefined && part !== undefined)
    return { argument: 'search_string', message: 'line takes regexp or search_string, not both' };
  if (insertafter !== undefined && insertbefore !== undefined)
    return { argument: 'insertbefore', message: 'line takes insertafter or insertbefore, not both' };
  if (state === 'absent') {
    if (regexp === undefined && part === undefined && wanted === undefined)
      return { message: 'state absent needs line, regexp or search_string' };
    return undefined;
  }
  if (wanted === undefined) return { message: 'state present needs line' };
  if (/\n./s.test(wanted)) return { argument: 'line', message: 'line is more than one line: block keeps several' };
  if (!backrefs) return undefined;
  if (regexp === undefined) return { argument: 'backrefs', message: 'backrefs needs regexp' };
  substitutionFor(pythonRegexp(regexp), wanted);
  return undefined;
}
