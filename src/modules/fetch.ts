import { posix } from 'node:path';
import type { Change } from '../core/change.ts';
import type { Decision } from '../core/module.ts';
import { entry } from '../probes/entry.ts';
import { sh } from '../shell/sh.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath } from './definition/schemas.ts';
import { cleanPath } from './files/clean-path.ts';

/** Copies a file of the host to the control node, readable by its owner only. */
export const fetch = defineModule({
  name: 'fetch',
  about: 'Copies a file of the host to the control node, readable by its owner only.',
  args: {
    properties: {
      src: { ...absolutePath, description: 'File on the host. Links are followed.' },
      dest: {
        type: 'string',
        minLength: 1,
        description:
          'Path on the control node, in the project. With a slash at the end: a directory. Include the host name: fetched/{{ inventory_hostname }}/.',
      },
      fail_on_missing: { type: 'boolean', default: true, description: 'Fail if the file does not exist.' },
    },
    required: ['src', 'dest'],
  },
  examples: [
    {
      name: "The host's configuration is kept here",
      args: { src: '/etc/app/app.conf', dest: 'fetched/{{ inventory_hostname }}/app.conf' },
    },
    { name: 'Its log, if there is one', args: { src: '/var/log/app.log', dest: 'logs/', fail_on_missing: false } },
  ],
  locals: ({ src, dest }) => ({ dest: { kind: 'kept', src: placeOf(src, dest) } }),
  reads: (args, look, input) => {
    const there = entry(cleanPath(args.src), { hash: true }, input.account);
    const link = look(there)?.target;
    const real = link === undefined ? undefined : posix.resolve(posix.dirname(cleanPath(args.src)), link);
    return { there, real: real === undefined ? undefined : entry(real, { hash: true }, input.account) };
  },
  plan: (args, answers, input, before) => {
    const place = placeOf(args.src, args.dest);
    const kept = input.locals['dest'];
    const there = answers.there?.type === 'link' ? answers.real : answers.there;
    const fail = (failed: string, hint?: string): Decision => ({
      changes: [],
      failed,
      ...(hint === undefined ? {} : { hint }),
    });
    if (there === undefined) {
      if (args.fail_on_missing) return fail(`there is no file ${args.src}`);
      return { changes: [], message: `there is no file ${args.src}` };
    }
    if (there.type !== 'file') return fail(`${args.src} is a ${there.type}, not a file`, 'archive a directory first');
    if (there.sha256 === undefined) return fail(`${args.src} can't be read`, 'become root or its owner');
    const result = { dest: place, checksum: there.sha256, size: there.size };
    // Its hash was verified when it was fetched; the content read from the control node is from before.
    if (before !== undefined || kept?.sha256 === there.sha256 || kept?.path === undefined)
      return { changes: [], result };
    const isNew = kept.sha256 === '';
    const change: Change = {
      title: `${isNew ? 'fetch' : 'fetch again'} ${args.src} to ${place} (${there.size} bytes)`,
      sign: isNew ? '+' : '~',
      expects: [entry(cleanPath(args.src), { hash: true }, input.account)],
      act: { kind: 'download', path: cleanPath(args.src), sha256: there.sha256, to: kept.path, script: sh`:` },
      touches: [],
    };
    return { changes: [change], result };
  },
});

function placeOf(src: string, dest: string): string {
  const plain = dest.replaceAll('\\', '/');
  return plain.endsWith('/') ? `${plain}${posix.basename(cleanPath(src))}` : plain;
}
