import { posix } from 'node:path';
import type { Content } from '../core/change.ts';
import type { Input } from '../core/module.ts';
import { defineModule } from './definition/define.ts';
import { contentOfText, placedPlan, placedReads } from './files/placed-file.ts';
import { placedProperties } from './files/placed-schema.ts';

/** Renders a template to a file on the host. */
export const template = defineModule({
  name: 'template',
  about: 'Renders a template to a file on the host.',
  args: {
    properties: {
      src: {
        type: 'string',
        minLength: 1,
        description: "Template, looked up in the role's templates/, then the project's.",
      },
      ...placedProperties,
    },
    required: ['src', 'dest'],
  },
  examples: [
    {
      name: "The unit's file is in place",
      args: { src: 'app.service.hbs', dest: '/etc/systemd/system/app.service', mode: '0644' },
    },
  ],
  locals: ({ src }) => ({ src: { kind: 'template', src } }),
  reads: (args, look, input) => placedReads(args, wanted(input), base(args.src), look, input),
  plan: (args, answers, input) => placedPlan(args, wanted(input), base(args.src), answers, input),
});

function wanted(input: Input): Content {
  return input.locals['src'] ?? contentOfText('');
}

/** In a directory the file gets the name of its template, without `.hbs`. */
function base(src: string): string {
  return posix.basename(src.replaceAll('\\', '/')).replace(/\.hbs$/, '');
}
