import { posix } from 'node:path';
import type { JsonObject } from '../core/json.ts';
import { type Entry, entry } from '../probes/entry.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath } from './definition/schemas.ts';

/** Reads the status of a path; `register` it to use it in conditions. */
export const stat = defineModule({
  name: 'stat',
  about: 'Reads the status of a path; `register` it to use it in conditions.',
  readonly: true,
  args: {
    properties: {
      path: absolutePath,
      get_checksum: {
        type: 'boolean',
        default: false,
        description: 'Also compute the SHA-256 of a file (result.stat.checksum).',
      },
    },
    required: ['path'],
  },
  shorthand: 'path',
  aliases: { dest: 'path', name: 'path' },
  examples: [{ name: 'It is known whether the marker is there', args: { path: '/etc/app/marker' } }],
  reads: (args, _look, input) => ({
    entry: entry(posix.normalize(args.path), { hash: args.get_checksum }, input.account),
  }),
  plan: (args, answers) => ({ changes: [], result: { stat: resultOf(args.path, answers.entry) } }),
});

function resultOf(path: string, there: Entry | undefined): JsonObject {
  if (there === undefined) return { exists: false, path };
  return {
    exists: true,
    path,
    isreg: there.type === 'file',
    isdir: there.type === 'directory',
    islnk: there.type === 'link',
    isfifo: there.type === 'fifo',
    issock: there.type === 'socket',
    isblk: there.type === 'block',
    ischr: there.type === 'char',
    mode: there.mode,
    uid: there.uid,
    gid: there.gid,
    pw_name: there.owner,
    gr_name: there.group,
    size: there.size,
    acl: there.acl,
    mountpoint: there.mountpoint,
    ...(there.target === undefined ? {} : { lnk_source: there.target }),
    ...(there.sha256 === undefined ? {} : { checksum: there.sha256 }),
    ...(there.stamp === undefined
      ? {}
      : { mtime: there.stamp.mtime, inode: there.stamp.inode, nlink: there.stamp.links }),
  };
}
