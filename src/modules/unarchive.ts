import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type Change, predicts } from '../core/change.ts';
import type { Decision } from '../core/module.ts';
import { present } from '../core/state.ts';
import { entry } from '../probes/entry.ts';
import { unpacked } from '../probes/unpacked.ts';
import { unpackText } from './archives/unpack-text.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath, fileMode, owner, ownerGroup } from './definition/schemas.ts';
import { attributeReads, wantedAttributes } from './files/attributes.ts';
import { cleanPath } from './files/clean-path.ts';

/** Extracts an archive into a directory. */
export const unarchive = defineModule({
  name: 'unarchive',
  about:
    'Extracts an archive (tar, also compressed, or zip) into a directory. A list of its files is stored there as .heal-unarchive-*. The archive is extracted again if its checksum, or `owner`, `group`, `mode` or `strip` changed, or if the size or mtime of an extracted file changed.',
  args: {
    properties: {
      src: {
        type: 'string',
        minLength: 1,
        description: "Archive of the project, looked up in the role's files/ first.",
      },
      remote_src: { type: 'boolean', default: false, description: '`src` is an absolute path on the host.' },
      dest: { ...absolutePath, description: 'Existing directory. Other files in it are kept.' },
      creates: { ...absolutePath, description: 'Path on the host. If it exists, the archive is not extracted.' },
      strip: {
        type: 'integer',
        minimum: 0,
        default: 0,
        description: 'Number of leading directories to remove from the names in a tar archive.',
      },
      owner: {
        ...owner,
        description: 'Owner of every extracted file (name or uid). Default: the account that extracts.',
      },
      group: ownerGroup,
      mode: {
        ...fileMode,
        description:
          'Mode of the extracted files. Directories get the same mode plus `x` wherever it has `r`. Default: the modes stored in the archive.',
      },
      links_out: {
        type: 'boolean',
        default: false,
        description: 'Allow symbolic links whose targets are outside of `dest`.',
      },
    },
    required: ['src', 'dest'],
  },
  examples: [
    { name: 'The app is unpacked', args: { src: 'app-1.2.tar.gz', dest: '/opt/app', owner: 'root', strip: 1 } },
    {
      name: 'What was fetched is unpacked',
      args: { src: '/root/app.zip', remote_src: true, dest: '/opt/app', creates: '/opt/app/bin' },
    },
  ],
  locals: ({ src, remote_src }) => (remote_src ? {} : { src: { kind: 'file', src } }),
  reads: (args, _look, input) => ({
    ...attributeReads(args, input.account),
    creates: args.creates === undefined ? undefined : entry(cleanPath(args.creates), {}, input.account),
    dest: entry(cleanPath(args.dest), {}, input.account),
    archive: args.remote_src ? entry(cleanPath(args.src), { hash: true }, input.account) : undefined,
    unpacked: unpacked(cleanPath(args.dest), listOf(args), input.account),
  }),
  plan: (args, answers, input) => {
    const dest = cleanPath(args.dest);
    const fail = (failed: string, hint?: string): Decision => ({
      changes: [],
      failed,
      ...(hint === undefined ? {} : { hint }),
    });
    if (answers.creates !== undefined) return { changes: [], message: `${args.creates} is there` };
    if (answers.dest === undefined)
      return fail(`there is no directory ${dest}`, 'create it with a directory task before this one');
    if (answers.dest.type !== 'directory' && answers.dest.type !== 'link')
      return fail(`${dest} is a ${answers.dest.type}, not a directory`);
    if (args.remote_src && answers.archive === undefined) return fail(`there is no archive ${args.src}`);
    const wanted = args.remote_src ? answers.archive?.sha256 : input.locals['src']?.sha256;
    if (wanted === undefined)
      return fail(`${args.src} can't be read`, 'it is not a regular file, or its permissions forbid it');
    const attributes = wantedAttributes(args, answers);
    if ('failed' in attributes) return fail(attributes.failed);

    const how = createHash('sha256')
      .update(JSON.stringify([attributes, args.strip]))
      .digest('hex')
      .slice(0, 12);
    const now = answers.unpacked;
    const result = { dest, src: args.src, checksum: wanted };
    if (now?.archive === wanted && now.how === how && now.intact) return { changes: [], result };
    const script = unpackText({
      dest,
      list: listOf(args),
      source: args.remote_src ? cleanPath(args.src) : undefined,
      zip: /\.(zip|jar|war)$/i.test(args.src),
      sha256: wanted,
      how,
      attributes,
      strip: args.strip,
      linksOut: args.links_out,
    });
    const name = posix.basename(args.src.replaceAll('\\', '/'));
    const again = now?.archive === wanted && now.how === how ? ': what it had left there was changed' : '';
    const content = input.locals['src'];
    const change: Change = {
      title: `unpack ${name} into ${dest}${again}`,
      sign: now === undefined ? '+' : '~',
      expects: [unpacked(dest, listOf(args), input.account)],
      act: content === undefined ? { kind: 'program', script } : { kind: 'upload', content, near: dest, script },
      predicts: [
        predicts(unpacked(dest, listOf(args), input.account), present({ archive: wanted, how, intact: true })),
      ],
      touches: [`tree:${dest}`],
    };
    return { changes: [change], result };
  },
});

/** One list per archive name, so that several archives can be extracted into one directory. */
function listOf({ src, dest }: { readonly src: string; readonly dest: string }): string {
  const key = createHash('sha256')
    .update(posix.basename(src.replaceAll('\\', '/')))
    .digest('hex')
    .slice(0, 12);
  return posix.join(cleanPath(dest), `.heal-unarchive-${key}`);
}
