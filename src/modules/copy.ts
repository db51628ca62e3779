import { posix } from 'node:path';
import type { Content } from '../core/change.ts';
import type { Decision, Input } from '../core/module.ts';
import type { Question } from '../core/probe.ts';
import { type Entry, entry } from '../probes/entry.ts';
import { defineModule } from './definition/define.ts';
import { cleanPath } from './files/clean-path.ts';
import { contentOfText, placedPlan, placedReads } from './files/placed-file.ts';
import { placedProperties } from './files/placed-schema.ts';

/** Copies a file of the project or of the host, or a given content, to the host. */
export const copy = defineModule({
  name: 'copy',
  about: 'Copies a file of the project or of the host, or a given content, to the host.',
  args: {
    properties: {
      src: { type: 'string', minLength: 1, description: "File of the project, looked up in the role's files/ first." },
      content: { type: 'string', description: 'Content of the file, instead of `src`.' },
      remote_src: {
        type: 'boolean',
        default: false,
        description: '`src` is the absolute path of a file on the host. Must not be a symbolic link.',
      },
      ...placedProperties,
    },
    required: ['dest'],
  },
  examples: [
    { name: "The policy is the project's", args: { src: 'policy.rules', dest: '/etc/app/policy.rules', mode: '0644' } },
    { name: 'The marker is there', args: { content: 'managed\n', dest: '/etc/app/marker', owner: 'root' } },
    {
      name: 'The app starts with its sample config',
      args: { src: '/opt/app/config.sample', remote_src: true, dest: '/etc/app/config', force: false },
    },
  ],
  locals: ({ src, remote_src }) => (src === undefined || remote_src ? {} : { src: { kind: 'file', src } }),
  misuse: ({ src, content, remote_src }) => {
    if ((src === undefined) === (content === undefined)) return { message: 'copy needs either src or content' };
    if (remote_src && !src?.startsWith('/')) {
      const hint = 'without remote_src it is a file of the project';
      return { argument: 'src', message: 'with remote_src, src must be an absolute path on the host', hint };
    }
    return undefined;
  },
  reads: (args, look, input) => {
    const source = sourceOf(args, input);
    return { source, ...placedReads(args, wanted(args, source && look(source), input), base(args), look, input) };
  },
  plan: (args, answers, input) => {
    const source = sourceOf(args, input);
    const there = answers.source;
    const fail = (failed: string, hint: string): Decision => ({ changes: [], failed, hint });
    if (source !== undefined) {
      if (there === undefined)
        return fail(`there is no file ${args.src} on the host`, 'without remote_src it is a file of the project');
      if (there.type !== 'file') return fail(`${args.src} is a ${there.type}, not a file`, 'name the file itself');
      if (there.sha256 === undefined) return fail(`${args.src} can't be read`, 'become root or its owner');
    }
    const decision = placedPlan(args, wanted(args, there, input), base(args), answers, input);
    if (source === undefined) return decision;
    const changes = decision.changes.map((change) => ({ ...change, expects: [...(change.expects ?? []), source] }));
    return { ...decision, changes };
  },
});

interface Source {
  readonly src?: string;
  readonly content?: string;
  readonly remote_src: boolean;
}

/** The question about the file of the host that is copied. */
function sourceOf({ src, remote_src }: Source, input: Input): Question<Entry> | undefined {
  return remote_src && src !== undefined ? entry(cleanPath(src), { hash: true }, input.account) : undefined;
}

function wanted({ src = '', content, remote_src }: Source, source: Entry | undefined, input: Input): Content {
  if (!remote_src) return input.locals['src'] ?? contentOfText(content ?? '');
  const onHost = cleanPath(src);
  return { onHost, size: source?.size ?? 0, sha256: source?.sha256 ?? '', open: contentOfText('').open };
}

function base({ src }: { readonly src?: string }): string | undefined {
  return src === undefined ? undefined : posix.basename(src.replaceAll('\\', '/'));
}
