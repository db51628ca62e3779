import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../src/core/json.ts';
import type { Input, Module } from '../../src/core/module.ts';
import { acl } from '../../src/modules/acl.ts';
import { authorizedKey } from '../../src/modules/authorized-key.ts';
import { block } from '../../src/modules/block.ts';
import { copy } from '../../src/modules/copy.ts';
import { directory } from '../../src/modules/directory.ts';
import { file } from '../../src/modules/file.ts';
import { json } from '../../src/modules/json.ts';
import { line } from '../../src/modules/line.ts';
import { link } from '../../src/modules/link.ts';
import { replace } from '../../src/modules/replace.ts';
import { sync } from '../../src/modules/sync.ts';
import { unarchive } from '../../src/modules/unarchive.ts';
import { yaml } from '../../src/modules/yaml.ts';
import { directoryContent } from '../../src/run/transfer/local-directory.ts';
import { runSync } from '../child.ts';
import { contentOf } from './content.ts';

/** The uid of the account that owns the directory. */
export const other = 65534;

/** One task of the race; `at` gives a path in the other account's directory, `n` counts the tasks. */
export interface Racing {
  readonly module: Module;
  readonly args: (at: (name: string) => string, n: number) => JsonObject;
  readonly locals?: (top: string) => Promise<Input['locals']>;
}

const placed = { backup: true, force: true, follow: false, owner: other };
const edited = { backup: true, create: true, owner: other };
const odd = (n: number): boolean => n % 2 === 1;

/** The tasks of the race, by what their module does. */
export const racing: Readonly<Record<string, Racing>> = {
  copy: { module: copy, args: (at, n) => ({ ...placed, content: `new ${n}`, dest: at('f') }) },
  'copy, of the host': {
    module: copy,
    args: (at) => ({ ...placed, src: at('f'), remote_src: true, dest: at('d/copy'), mode: '0644' }),
  },
  'copy, uploaded': {
    module: copy,
    args: (at) => ({ ...placed, src: 'x', dest: at('f'), mode: '0644' }),
    locals: async () => ({ src: contentOf(Buffer.alloc(100_000, 'x\n')) }),
  },
  'file, touched': {
    module: file,
    args: (at) => ({ path: at('f'), state: 'touch', force: false, owner: other, mode: '0644' }),
  },
  'file, its mode': {
    module: file,
    args: (at, n) => ({
      path: at('f'),
      state: 'file',
      force: false,
      owner: odd(n) ? 0 : other,
      mode: odd(n) ? '0644' : '0666',
    }),
  },
  'file, removed': { module: file, args: (at) => ({ path: at('d'), state: 'absent', force: false }) },
  directory: {
    module: directory,
    args: (at, n) => ({ path: at('d/e'), state: 'present', owner: odd(n) ? 0 : other, mode: odd(n) ? '0777' : '0755' }),
  },
  'directory, removed': { module: directory, args: (at) => ({ path: at('d'), state: 'absent' }) },
  link: {
    module: link,
    args: (at, n) => ({ path: at('f'), src: `to-${n}`, state: 'present', force: true, hard: false, owner: other }),
  },
  line: { module: line, args: (at, n) => ({ ...edited, path: at('f'), line: `line ${n}`, state: 'present' }) },
  block: {
    module: block,
    args: (at, n) => ({ ...edited, path: at('f'), block: `${n}`, marker: '# {mark}', state: 'present', adopt: 'none' }),
  },
  replace: {
    module: replace,
    args: (at, n) => ({ ...edited, create: false, path: at('f'), regexp: '^.*$', replace: `${n}` }),
  },
  json: { module: json, args: (at, n) => ({ ...edited, path: at('j'), merge: { a: n } }) },
  yaml: { module: yaml, args: (at, n) => ({ ...edited, path: at('y'), merge: { a: n } }) },
  sync: {
    module: sync,
    args: (at, n) => ({ src: 'p', dest: at('d'), delete: true, exclude: [], owner: odd(n) ? 0 : other, mode: '0644' }),
    locals: async (top) => {
      mkdirSync(join(top, 'p/sub'), { recursive: true });
      for (const name of ['p/secret', 'p/sub/f']) writeFileSync(join(top, name), name);
      return { src: await directoryContent(join(top, 'p'), []) };
    },
  },
  unarchive: {
    module: unarchive,
    args: (at, n) => ({
      src: 'x.tar',
      dest: at('d'),
      remote_src: false,
      strip: 0,
      links_out: false,
      owner: odd(n) ? 0 : other,
      mode: '0644',
    }),
    locals: async (top) => {
      mkdirSync(join(top, 'p/sub'), { recursive: true });
      for (const name of ['p/secret', 'p/sub/f']) writeFileSync(join(top, name), name);
      runSync('tar', ['-C', join(top, 'p'), '-cf', join(top, 'x.tar'), '.']);
      return { src: contentOf(readFileSync(join(top, 'x.tar'))) };
    },
  },
  acl: {
    module: acl,
    args: (at, n) => ({
      path: at('d'),
      recursive: true,
      default: 'also',
      etype: 'user',
      entity: `${other}`,
      permissions: odd(n) ? 'rwX' : 'rX',
      state: 'present',
    }),
  },
  authorized_key: {
    module: authorizedKey,
    args: (_at, n) => ({
      user: 'racer',
      key: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ${n}`,
      exclusive: true,
      state: 'present',
    }),
  },
};
