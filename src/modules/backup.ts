import { posix } from 'node:path';
import type { Change } from '../core/change.ts';
import type { Decision } from '../core/module.ts';
import { entry } from '../probes/entry.ts';
import { sh } from '../shell/sh.ts';
import { backupScript, inArchive } from './archives/backup-script.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath } from './definition/schemas.ts';
import { cleanPath } from './files/clean-path.ts';

/** Creates a backup of files of the host on the control node. */
export const backup = defineModule({
  name: 'backup',
  about:
    'Creates a backup of files of the host on the control node: a new directory, named after the time in UTC, with `archive.tar.gz` and `manifest.json` that only their owner can read. SQLite databases are copied while they are in use. The backup is kept only if it can be read back.',
  args: {
    properties: {
      paths: {
        type: 'array',
        items: absolutePath,
        minItems: 1,
        description: 'Files and directories of the host. Each must exist.',
      },
      optional: {
        type: 'array',
        items: absolutePath,
        default: [],
        description: 'Files and directories that are backed up if they exist.',
      },
      exclude: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        default: [],
        description:
          'What to leave out: a name at any depth (`cache`, `*.log`), or an absolute path. `*` matches any characters.',
      },
      databases: {
        type: 'array',
        items: { type: 'string', minLength: 1, pattern: '^[^/]+$' },
        default: ['*.sqlite', '*.sqlite3', '*.db'],
        description:
          'Names of SQLite databases. They are copied with `sqlite3`, Python or Node.js, whichever the host has; otherwise as plain files, with a warning in the manifest.',
      },
      parses: {
        type: 'array',
        items: absolutePath,
        default: [],
        description: 'Files that must parse as JSON5 for the backup to be kept.',
      },
      dest: {
        type: 'string',
        minLength: 1,
        description:
          'Directory on the control node, relative to the project. Include the host name: backups/{{ inventory_hostname }}.',
      },
    },
    required: ['paths', 'dest'],
  },
  examples: [
    {
      name: 'The application is backed up',
      args: {
        paths: ['/srv/app', '/etc/app'],
        exclude: ['cache', 'node_modules', '*.log'],
        dest: 'backups/{{ inventory_hostname }}',
      },
    },
  ],
  locals: ({ dest }) => ({ dest: { kind: 'output', src: dest.replaceAll('\\', '/') } }),
  reads: (args, _look, input) =>
    Object.fromEntries(
      [...args.paths, ...args.optional].map((path) => [cleanPath(path), entry(cleanPath(path), {}, input.account)]),
    ),
  plan: (args, answers, input, before) => {
    const fail = (failed: string, hint: string): Decision => ({ changes: [], failed, hint });
    const missing = args.paths.find((path) => answers[cleanPath(path)] === undefined);
    if (missing !== undefined) {
      return fail(`${missing} does not exist`, 'correct "paths", or name it in "optional"');
    }
    // Its completeness and readability are checked before it is stored.
    if (before !== undefined) return [];
    const paths = [...args.paths, ...args.optional].map(cleanPath).filter((path) => answers[path] !== undefined);
    const linked = paths.flatMap((path) => {
      const target = answers[path]?.target;
      return target === undefined ? [] : [posix.resolve(posix.dirname(path), target)];
    });
    const packed = { paths: [...new Set([...paths, ...linked])], exclude: args.exclude, databases: args.databases };
    const shownTo = args.dest.replaceAll('\\', '/').replace(/(.)\/+$/, '$1');
    const count = `${packed.paths.length} ${packed.paths.length === 1 ? 'path' : 'paths'}`;
    const change: Change = {
      title: `back up ${count} to ${shownTo}`,
      sign: '+',
      act: {
        kind: 'archive',
        pack: backupScript(packed),
        to: input.locals['dest']?.path ?? shownTo,
        shownTo,
        about: packed,
        parses: args.parses.map(inArchive),
        script: sh`:`,
      },
      touches: [],
    };
    return [change];
  },
});
