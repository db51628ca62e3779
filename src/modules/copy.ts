import { posix } from 'node:path';
import type { Content } from '../core/change.ts';
import type { Input } from '../core/module.ts';
import { defineModule } from './definition/define.ts';
import { contentOfText, placedPlan, placedReads } from './files/placed-file.ts';
import { placedProperties } from './files/placed-schema.ts';

/** Copies a file of the project, or a given content, to the host. */
export const copy = defineModule({
  name: 'copy',
  about: 'Copies a file of the project, or a given content, to the host.',
  args: {
    properties: {
      src: { type: 'string', minLength: 1, description: "File of the project, looked up in the role's files/ first." },
      content: { type: 'string', description: 'Content of the file, instead of `src`.' },
      ...placedProperties,
    },
    required: ['dest'],
  },
  examples: [
    { name: "The policy is the project's", args: { src: 'policy.rules', dest: '/etc/app/policy.rules', mode: '0644' } },
    { name: 'The marker is there', args: { content: 'managed\n', dest: '/etc/app/marker', owner: 'root' } },
  ],
  locals: ({ src }) => (src === undefined ? {} : { src: { kind: 'file', src } }),
  reads: (args, look, input) => placedReads(args, wanted(args, input), base(args), look, input),
  plan: (args, answers, input) => {
    if ((args.src === undefined) === (args.content === undefined)) {
      return { changes: [], failed: 'copy needs either src or content' };
    }
    return placedPlan(args, wanted(args, input), base(args), answers, input);
  },
});

function wanted(args: { readonly content?: string }, input: Input): Content {
  return input.locals['src'] ?? contentOfText(args.content ?? '');
}

function base({ src }: { readonly src?: string }): string | undefined {
  return src === undefined ? undefined : posix.basename(src.replaceAll('\\', '/'));
}
