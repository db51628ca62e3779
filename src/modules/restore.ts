import { posix } from 'node:path';
import type { Change } from '../core/change.ts';
import type { Decision } from '../core/module.ts';
import { entry } from '../probes/entry.ts';
import { restoreScript } from './archives/restore-script.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath } from './definition/schemas.ts';
import { cleanPath } from './files/clean-path.ts';

/** Restores files of a backup on the host. */
export const restore = defineModule({
  name: 'restore',
  about:
    'Restores files of a backup on the host, with owners, modes and ACLs. The backup is read back first. What is replaced is kept next to it as `PATH.before-TIME`; what the backup left out (`exclude`) is only there. Stop the services that use the files by a task before this one.',
  args: {
    properties: {
      src: {
        type: 'string',
        minLength: 1,
        description:
          'Directory on the control node that contains the backups of the host, relative to the project: `dest` of the task that created them.',
      },
      at: {
        type: 'string',
        default: '',
        description:
          'Name of the backup, or the beginning of it: `2026-11-28` is the last one of that day or before. Default: the newest.',
      },
      only: {
        type: 'array',
        items: absolutePath,
        default: [],
        description: 'Files and directories to restore. Default: all that the backup contains.',
      },
    },
    required: ['src'],
  },
  examples: [
    { name: 'The application is restored', args: { src: 'backups/{{ inventory_hostname }}' } },
    {
      name: 'Its configuration of a day is restored',
      args: { src: 'backups/{{ inventory_hostname }}', at: '2026-11-28', only: ['/etc/app'] },
    },
  ],
  locals: ({ src, at }) => ({
    backup: { kind: 'backup', src: src.replaceAll('\\', '/'), ...(at === '' ? {} : { at }) },
  }),
  reads: ({ only }, _look, { locals, account }) =>
    Object.fromEntries(
      restored(only, locals['backup']?.backup?.paths ?? [])
        .flatMap((path) => [path, `${path}/..`])
        .map((path) => [path, entry(cleanPath(path), {}, account)]),
    ),
  plan: ({ src, only }, answers, { facts, locals }, before) => {
    const fail = (failed: string, hint: string): Decision => ({ changes: [], failed, hint });
    const content = locals['backup'];
    if (content?.backup === undefined) return fail(`${src} contains no backup`, 'heal backup list shows what there is');
    const { name, holds, paths: all } = content.backup;
    const paths = restored(only, all);
    const none = paths.find((path) => !holds(path));
    if (none !== undefined) return fail(`${none} is not in the backup ${name}`, `it contains ${all.join(', ')}`);
    const nowhere = paths.find((path) => !['directory', 'link'].includes(answers[`${path}/..`]?.type ?? ''));
    if (nowhere !== undefined) {
      return fail(`there is no directory ${posix.dirname(nowhere)}`, 'create it with a directory task before this one');
    }
    const mounted = paths.find((path) => answers[path]?.mountpoint === true);
    if (mounted !== undefined) {
      return fail(`${mounted} is a mount point, which can't be replaced`, 'name what is in it in "only"');
    }
    if (before !== undefined) {
      const missing = paths.find((path) => answers[path] === undefined);
      return missing === undefined ? [] : fail(`${missing} was not restored`, 'find out what removes it');
    }
    const suffix = `.before-${new Date(facts.time * 1000).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
    const kept = paths.filter((path) => answers[path] !== undefined).map((path) => `${path}${suffix}`);
    const change: Change = {
      title: `restore ${paths.join(', ')} of ${name}${kept.length === 0 ? '' : `; what is replaced is kept as ${kept.join(', ')}`}`,
      sign: '~',
      act: {
        kind: 'upload',
        content,
        near: posix.dirname(paths[0] ?? '/'),
        script: restoreScript({ paths, suffix }),
      },
      touches: paths.map((path) => `tree:${path}` as const),
    };
    return { changes: [change], result: { backup: name, restored: [...paths], kept } };
  },
});

/** Paths to restore: those of `only`, or all; without those below another, because that one includes them. */
function restored(only: readonly string[], all: readonly string[]): readonly string[] {
  const paths = [...new Set((only.length > 0 ? only : all).map(cleanPath))];
  return paths.filter((path) => !paths.some((other) => path !== other && path.startsWith(`${other}/`)));
}
