import { posix } from 'node:path';
import { type Change, predicts } from '../core/change.ts';
import type { Decision } from '../core/module.ts';
import { present } from '../core/state.ts';
import { entry } from '../probes/entry.ts';
import { tree } from '../probes/tree.ts';
import { user } from '../probes/user.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath, fileMode, owner, ownerGroup } from './definition/schemas.ts';
import { attributeReads, wantedAttributes } from './files/attributes.ts';
import { cleanPath } from './files/clean-path.ts';
import { excluder, namePatterns } from './files/excludes.ts';
import { type SyncSteps, syncSteps } from './files/sync-plan.ts';
import { syncText } from './files/sync-text.ts';

/** Copies a directory of the project to the host. Only differences are transferred. */
export const sync = defineModule({
  name: 'sync',
  about:
    'Copies a directory of the project to the host. Only differences are transferred. Files are compared by hash, and sent byte for byte: what Git gives CRLF on Windows arrives with CRLF (.gitattributes: `* -text`).',
  args: {
    properties: {
      src: {
        type: 'string',
        minLength: 1,
        description: "Directory of the project, looked up in the role's files/ first.",
      },
      dest: { ...absolutePath, description: 'Directory on the host. It is created if its parent directory exists.' },
      delete: {
        type: 'boolean',
        default: false,
        description: 'Remove files that do not exist in `src`. Excluded files are kept.',
      },
      exclude: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        default: [],
        description:
          'Patterns of paths that are neither copied nor deleted. Without `/`: match a name at any depth. With a leading or inner `/`: relative to `src`. With a trailing `/`: directories only. `*` and `?` do not match `/`; `**` does.',
      },
      owner,
      group: ownerGroup,
      mode: {
        ...fileMode,
        description:
          'Mode of files. Files that are executable in `src` also get `x` wherever the mode has `r`. Default: keep the existing mode, with `x` adjusted to `src`; 0644 (executables 0755) for new files.',
      },
      directory_mode: {
        ...fileMode,
        description: 'Mode of directories. Default: keep the existing mode; 0755 for new ones.',
      },
    },
    required: ['src', 'dest'],
  },
  examples: [
    { name: "The site's pages are those of the project", args: { src: 'pages', dest: '/srv/www', delete: true } },
    {
      name: 'The scripts are there',
      args: { src: 'scripts', dest: '/opt/scripts', exclude: ['*.test.sh'], owner: 'root', mode: '0644' },
    },
  ],
  locals: ({ src, exclude }) => ({ src: { kind: 'directory', src, exclude } }),
  reads: (args, look, input) => {
    const dest = cleanPath(args.dest);
    const there = entry(dest, {}, input.account);
    const isDirectory = look(there)?.type === 'directory' || look(there)?.type === 'link';
    return {
      ...attributeReads(args, input.account),
      there,
      above: entry(posix.dirname(dest), {}, input.account),
      self: user(input.account.user ?? input.facts.user, input.account),
      tree: isDirectory ? tree(dest, namePatterns(args.exclude), input.account) : undefined,
    };
  },
  plan: (args, answers, input) => {
    const dest = cleanPath(args.dest);
    const local = input.locals['src']?.directory;
    const fail = (failed: string, hint?: string): Decision => ({
      changes: [],
      failed,
      ...(hint === undefined ? {} : { hint }),
    });
    if (local === undefined) return fail(`${args.src} is not a directory`, 'a file is placed by copy');
    const attributes = wantedAttributes(args, answers);
    if ('failed' in attributes) return fail(attributes.failed);
    const { there } = answers;
    if (there !== undefined && there.type !== 'directory' && there.type !== 'link') {
      return fail(`${dest} is a ${there.type}, not a directory`);
    }
    if (there === undefined && answers.above === undefined) {
      return fail(`there is no directory ${posix.dirname(dest)}`, 'create it with a directory task before this one');
    }
    const odd = local.entries.find(({ path }) => path.includes('\n'));
    if (odd !== undefined)
      return fail(`${JSON.stringify(odd.path)} has a name of several lines`, 'rename or exclude it');

    const self = {
      uid: attributes.owner?.id ?? answers.self?.uid ?? 0,
      gid: attributes.group?.id ?? answers.self?.gid ?? 0,
    };
    const desired = {
      attributes,
      directoryMode: args.directory_mode,
      remove: args.delete,
      excluded: excluder(args.exclude),
    };
    const steps = syncSteps(local.entries, answers.tree ?? {}, desired, self);
    const result = { dest, files: local.entries.filter(({ type }) => type === 'file').length };
    if (steps.clash !== undefined) return fail(steps.clash, 'delete: true has it replaced, unless it is excluded');
    const same = steps.send.length + steps.alter.length + steps.remove.length === 0;
    if (same && there !== undefined) return { changes: [], result };

    const content = steps.send.length === 0 ? undefined : local.archive(steps.send);
    const near = there === undefined && content !== undefined ? posix.dirname(dest) : dest;
    const script = syncText({ dest, near, attributes, directoryMode: args.directory_mode, steps });
    const change: Change = {
      title: titleOf(dest, steps),
      sign: there === undefined ? '+' : steps.send.length === 0 && steps.alter.length === 0 ? '-' : '~',
      diff: {
        before: listOf(steps, answers.tree ?? {}),
        after: listOf(steps, steps.after),
        beforeName: dest,
        afterName: dest,
      },
      expects: [entry(dest, {}, input.account)],
      act: content === undefined ? { kind: 'program', script } : { kind: 'upload', content, near, script },
      // The effect of setgid or a default ACL of a directory on new entries is not predicted.
      predicts: [predicts(tree(dest, namePatterns(args.exclude), input.account), present(steps.after))],
      touches: [`tree:${dest}`],
    };
    return { changes: [change], result };
  },
});

function titleOf(dest: string, { send, alter, remove }: SyncSteps): string {
  const some = [
    ...(send.length > 0 ? [`send ${named(send)} to ${dest}`] : []),
    ...(alter.length > 0 ? [`set owner or mode of ${named(alter)}`] : []),
    ...(remove.length > 0 ? [`remove ${named(remove)}`] : []),
  ];
  return some.length === 0 ? `create directory ${dest}` : some.join(', ');
}

function named(list: readonly { readonly path: string }[]): string {
  return list.length > 3 ? `${list.length} entries` : list.map(({ path }) => path).join(', ');
}

/** The affected entries, one line each: the two sides of a diff. */
function listOf({ send, alter, remove }: SyncSteps, side: SyncSteps['after']): string {
  const paths = [...new Set([...send, ...alter, ...remove].map(({ path }) => path))].sort();
  const lines = paths.flatMap((path) => {
    const one = Object.hasOwn(side, path) ? side[path] : undefined;
    if (one === undefined) return [];
    const what = one.type === 'file' ? `${one.size} bytes ${one.sha256?.slice(0, 12) ?? ''}` : (one.target ?? '');
    return [`${path} ${one.type} ${one.mode} ${one.uid}:${one.gid} ${what}`.trimEnd()];
  });
  return lines.map((line) => `${line}\n`).join('');
}
