import { defineModule } from './definition/define.ts';
import { type Edited, editedPlan, editedReads } from './text/edited-file.ts';
import { editedProperties } from './text/edited-schema.ts';
import { pythonRegexp, wrongRegexp } from './text/python-regexp.ts';
import { substituted, substitutionFor } from './text/substitution.ts';
import { lineEnd } from './text/text-lines.ts';

const regularExpression = { type: 'string', minLength: 1 } as const;

/** Replaces all matches of a regular expression in a file. */
export const replace = defineModule({
  name: 'replace',
  about: 'Replaces all matches of a regular expression in a file.',
  args: {
    properties: {
      path: editedProperties.path,
      regexp: {
        ...regularExpression,
        description: 'Regular expression of the text to replace. ^ and $ match at each line.',
      },
      replace: {
        type: 'string',
        default: '',
        description: 'Replacement, with \\1 and \\g<name> for groups. Default: remove the matches.',
      },
      after: {
        ...regularExpression,
        description:
          'Replace only in the text after the first match of this regular expression. `.` matches line breaks.',
      },
      before: {
        ...regularExpression,
        description:
          'Replace only in the text before this regular expression: before its first match after `after`, or, without `after`, before its last match in the file.',
      },
      owner: editedProperties.owner,
      group: editedProperties.group,
      mode: editedProperties.mode,
      backup: editedProperties.backup,
      validate: editedProperties.validate,
    },
    required: ['path', 'regexp'],
  },
  aliases: { dest: 'path', destfile: 'path', name: 'path' },
  examples: [
    {
      name: 'The mirror is the near one',
      args: { path: '/etc/apt/sources.list', regexp: 'deb\\.debian\\.org', replace: 'ftp.de.debian.org' },
    },
    {
      name: 'The site listens on the loopback only',
      args: {
        path: '/etc/nginx/nginx.conf',
        after: '^http \\{',
        regexp: '^(\\s+listen) \\d+;',
        replace: '\\1 127.0.0.1:80;',
      },
    },
  ],
  misuse: (args) => {
    const { regexp, after, before } = args;
    const wrong = wrongRegexp({ regexp, after, before });
    if (wrong === undefined) compile(args);
    return wrong;
  },
  reads: (args, look, input) => editedReads({ ...args, create: false }, look, input),
  plan: (args, answers, input) => {
    const rule = compile(args);
    return editedPlan({ ...args, create: false }, answers, input, (before) => replaced(rule, before));
  },
});

interface ReplaceArgs {
  readonly regexp: string;
  readonly replace: string;
  readonly after?: string;
  readonly before?: string;
}

type Rule = ReturnType<typeof compile>;

function compile(args: ReplaceArgs) {
  const regexp = pythonRegexp(args.regexp, 'm');
  const { after, before } = args;
  return {
    regexp,
    substitution: substitutionFor(regexp, args.replace),
    after: after === undefined ? undefined : pythonRegexp(after, 's'),
    before: before === undefined ? undefined : pythonRegexp(before, 's'),
    // An expression that mentions Windows line ends sees them; for all others every line ends in \n.
    raw: [args.regexp, args.after, args.before].some((one) => one !== undefined && /\\r|\\x0d|\r/i.test(one)),
  };
}

function replaced(rule: Rule, before: string): Edited {
  const text = rule.raw ? before : before.replaceAll('\r\n', '\n');
  const part = section(rule, text);
  if (part === undefined) return { text: before, what: '', message: 'no part of the file is between after and before' };
  // As in Ansible: ^ and lookbehind see only the part.
  const inside = text.slice(part.start, part.end);
  const matches = [...inside.matchAll(rule.regexp)];
  if (matches.length === 0) return { text: before, what: '' };

  const where = rule.raw ? (offset: number) => offset : original(before);
  const end = rule.raw ? '\n' : lineEnd(before);
  let made = '';
  let done = 0;
  let count = 0;
  for (const match of matches) {
    const from = where(part.start + match.index);
    const to = where(part.start + match.index + match[0].length);
    const put = substituted(rule.substitution, match);
    made += before.slice(done, from) + (put === match[0] ? before.slice(from, to) : put.replaceAll('\n', end));
    done = to;
    if (put !== match[0]) count++;
  }
  return { text: made + before.slice(done), what: count === 1 ? 'replace one match' : `replace ${count} matches` };
}

/** The part of a string that is searched. */
function section({ after, before }: Rule, text: string): { readonly start: number; readonly end: number } | undefined {
  let start = 0;
  if (after !== undefined) {
    after.lastIndex = 0;
    const match = after.exec(text);
    if (match === null) return undefined;
    start = match.index + match[0].length;
  }
  if (before === undefined) return { start, end: text.length };
  const ends = [...text.slice(start).matchAll(before)];
  const end = after === undefined ? ends.at(-1) : ends[0];
  return end === undefined ? undefined : { start, end: start + end.index };
}

/** Converts offsets in a string whose line ends are all \n to offsets in the original text. */
function original(text: string): (offset: number) => number {
  const returns = [...text.matchAll(/\r\n/g)].map((match, i) => match.index - i);
  return (offset) => {
    let low = 0;
    let high = returns.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((returns[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return offset + low;
  };
}
