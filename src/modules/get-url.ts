import { posix } from 'node:path';
import type { Change } from '../core/change.ts';
import type { Decision, Input, Look } from '../core/module.ts';
import type { Question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { type Download, type Downloaded, download, downloadText } from '../probes/download.ts';
import { type Entry, entry } from '../probes/entry.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath, backupCopy, owner, ownerGroup, writtenMode } from './definition/schemas.ts';
import {
  type AttributeReads,
  type Attributes,
  attributeDifferences,
  attributeReads,
  attributeScript,
  chownWord,
  wantedAttributes,
  withAttributes,
} from './files/attributes.ts';
import { cleanPath } from './files/clean-path.ts';
import { targetOf } from './files/download-target.ts';
import { octalWord, symbolicMode } from './files/mode.ts';
import { predictEntry } from './files/predicted-entry.ts';

/** Downloads a file from a web server to the host. The host itself connects to the server. */
export const getUrl = defineModule({
  name: 'get_url',
  about: 'Downloads a file from a web server to the host. The host itself connects to the server.',
  args: {
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://[^\\s/]+\\S*$',
        description: 'URL. It may contain a user and a password.',
      },
      dest: {
        ...absolutePath,
        description:
          'Absolute path of the file on the host. If it is a directory, the file name is taken from the URL.',
      },
      checksum: {
        type: 'string',
        pattern: '^sha256:[0-9a-fA-F]{64}$',
        description:
          'Expected checksum of the file (`sha256:...`). If the file on the host already has it, nothing is downloaded.',
      },
      force: {
        type: 'boolean',
        default: false,
        description:
          'Only without `checksum`: download on every run and replace the file if it differs. If false, an existing file is kept and nothing is downloaded.',
      },
      headers: { type: 'object', additionalProperties: { type: 'string' }, description: 'Needs curl on the host.' },
      timeout: {
        type: 'integer',
        minimum: 1,
        default: 30,
        description:
          'Timeout without progress, in seconds. The keyword `timeout` of the task limits the whole download.',
      },
      max_size: {
        type: 'integer',
        minimum: 1,
        default: 10_737_418_240,
        description: 'Largest size of the file, in bytes. A larger download is stopped, and the task fails.',
      },
      validate_certs: { type: 'boolean', default: true },
      owner,
      group: ownerGroup,
      mode: writtenMode,
      backup: backupCopy,
    },
    required: ['url', 'dest'],
  },
  examples: [
    {
      name: 'The release is there, with the expected checksum',
      args: {
        url: 'https://example.org/app-1.2.tar.gz',
        dest: '/opt/app.tar.gz',
        checksum: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      },
    },
    {
      name: 'The list of keys is the latest',
      args: { url: 'https://example.org/keys', dest: '/etc/app/keys', force: true },
    },
  ],
  reads: (args, look, input) => getReads(args, look, input),
  plan: (args, answers, input, before) => {
    const target = targetOf(args, answers.dest);
    const there = target === cleanPath(args.dest) ? answers.dest : answers.inside;
    const attributes = wantedAttributes(args, answers);
    const fail = (failed: string, hint?: string): Decision => ({
      changes: [],
      failed,
      ...(hint === undefined ? {} : { hint }),
    });
    if ('failed' in attributes) return fail(attributes.failed);
    if (there?.type === 'directory') return fail(`${target} is a directory`, 'name the file in dest');
    if (there !== undefined && there.type !== 'file' && there.type !== 'link') {
      return fail(`${target} is a ${there.type}, not a file`);
    }
    if (there?.readable === false) return fail(`${target} can't be read`, 'become root or its owner');
    const parent = target === cleanPath(args.dest) ? answers.parent : answers.dest;
    if (there === undefined && parent === undefined) {
      return fail(`there is no directory ${posix.dirname(target)}`, 'create it with a directory task before this one');
    }
    const wanted = args.checksum?.slice('sha256:'.length).toLowerCase();
    const same = there?.type === 'file' && isRight(there, wanted, args.force, answers.fetched, before !== undefined);
    const result = {
      dest: target,
      url: args.url,
      ...(there?.sha256 === undefined ? {} : { checksum: there.sha256, size: there.size }),
    };
    const differences = there?.type === 'file' ? attributeDifferences(there, attributes) : [];
    if (same && differences.length === 0) return { changes: [], result };
    const common = { expects: [entry(target, { hash: true }, input.account)], touches: [`path:${target}`] };
    if (same) {
      const next = withAttributes(there, attributes);
      const script = attributeScript(target, there, attributes);
      const change: Change = {
        ...common,
        title: differences.join(', '),
        sign: '~',
        act: { kind: 'program', script },
        predicts: predictEntry(target, next, input.account),
      };
      return { changes: [change], result };
    }
    const size = answers.fetched === undefined ? '' : ` (${answers.fetched.size} bytes)`;
    const change: Change = {
      ...common,
      // Its size is not known, so nothing is predicted of it.
      title: [`${there === undefined ? 'fetch' : 'fetch again'} ${target}${size}`, ...differences].join(', '),
      sign: there === undefined ? '+' : '~',
      act: { kind: 'program', script: fetchText({ ...args, target, there, wanted, attributes, parent }, input) },
    };
    return { changes: [change], result };
  },
});

type GetReads = AttributeReads & {
  readonly dest: Question<Entry>;
  readonly parent: Question<Entry>;
  readonly inside: Question<Entry> | undefined;
  readonly fetched: Question<Downloaded> | undefined;
};

interface GetArgs {
  readonly url: string;
  readonly dest: string;
  readonly checksum?: string;
  readonly force: boolean;
  readonly headers?: { readonly [name: string]: string };
  readonly timeout: number;
  readonly max_size: number;
  readonly validate_certs: boolean;
  readonly owner?: string | number;
  readonly group?: string | number;
  readonly mode?: string;
  readonly backup: boolean;
}

function getReads(args: GetArgs, look: Look, input: Input): GetReads {
  const dest = entry(cleanPath(args.dest), { hash: true }, input.account);
  const target = targetOf(args, look(dest));
  const inside = target === cleanPath(args.dest) ? undefined : entry(target, { hash: true }, input.account);
  const there = look(inside ?? dest);
  return {
    ...attributeReads(args, input.account),
    dest,
    inside,
    parent: entry(posix.dirname(cleanPath(args.dest)), {}, input.account),
    // A missing file is downloaded anyway.
    fetched:
      args.force && args.checksum === undefined && there?.type === 'file'
        ? download(downloadOf(args, input), input.account)
        : undefined,
  };
}

function isRight(
  there: Entry,
  wanted: string | undefined,
  force: boolean,
  fetched: Downloaded | undefined,
  done: boolean,
): boolean {
  if (wanted !== undefined) return there.sha256 === wanted;
  // Some servers never send the same content twice: a file that was just downloaded counts as current.
  return !force || done || fetched === undefined || fetched.sha256 === there.sha256;
}

interface Fetching extends GetArgs {
  readonly target: string;
  readonly there: Entry | undefined;
  readonly wanted: string | undefined;
  readonly attributes: Attributes;
  readonly parent: Entry | undefined;
}

function fetchText(fetching: Fetching, input: Input): Sh {
  const { target, there, wanted, attributes, parent } = fetching;
  const { mode } = attributes;
  const octal = mode === undefined ? '' : octalWord(mode);
  const masked = parent?.defaultAcl === undefined || parent.defaultAcl.extended;
  const symbolic = mode === undefined ? '' : masked ? symbolicMode(mode) : octal;
  const acl = there?.type === 'file' && there.acl ? 'acl' : '';
  const check = sh`
    sum=$(sha256sum <"$NEW") && [ "\${sum%% *}" = ${wanted ?? ''} ] ||
      die "the server gave something else: its checksum is sha256:\${sum%% *}"
  `;
  return joinSh(
    [
      sh`begin ${target}`,
      sh`rc=0; ( ulimit -c 0; ulimit -f ${Math.floor(fetching.max_size / 512) + 1}; ${downloadText(downloadOf(fetching, input))} ) >"$NEW" || rc=1`,
      sh`[ "$(wc -c <"$NEW")" -le ${fetching.max_size} ] || die ${`the server sent more than max_size, ${fetching.max_size} bytes`}`,
      sh`[ "$rc" = 0 ] || exit 1`,
      ...(wanted === undefined ? [] : [check]),
      sh`finish ${target} ${chownWord(attributes)} ${octal} ${symbolic} ${acl} ${there?.sha256 ?? ''}`,
      ...(fetching.backup && there?.type === 'file' ? [sh`backup ${target} ${acl}`] : []),
      sh`commit ${target} ${chownWord(attributes)} ${acl === '' ? octal : symbolic}`,
    ],
    '\n',
  );
}

function downloadOf(args: GetArgs, { secret }: Pick<Input, 'secret'>): Download {
  return {
    url: args.url,
    ...(args.headers === undefined ? {} : { headers: args.headers }),
    timeout: args.timeout,
    validateCerts: args.validate_certs,
    ...(secret === true ? { secret } : {}),
  };
}
