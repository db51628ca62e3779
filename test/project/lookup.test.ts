import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findFile, findTemplate } from '../../src/project/playbook/find-file.ts';
import type { Roots } from '../../src/project/yaml/source-file.ts';
import { directoryWith, errorsOf } from './project.ts';

let roots: Roots;
const role = () => ({ name: 'web', directory: join(roots.project, 'roles', 'web'), description: '' });
beforeAll(async () => {
  roots = {
    project: await directoryWith({
      'roles/web/templates/a.hbs': '',
      'roles/web/templates/sub/d.hbs': '',
      'templates/a.hbs': '',
      'templates/b.hbs': '',
      'secret.txt': '',
      'files/f': '',
    }),
    shipped: await directoryWith({ 'templates/b.hbs': '', 'templates/c.hbs': '' }),
  };
  await symlink(join(roots.project, 'secret.txt'), join(roots.project, 'templates', 'link.hbs'));
});

describe('a template', () => {
  test('is looked up in the role, the project, and what ships', async () => {
    expect(await findTemplate(roots, role(), 'a.hbs')).toBe(join(roots.project, 'roles/web/templates/a.hbs'));
    expect(await findTemplate(roots, role(), 'sub/d.hbs')).toBe(join(roots.project, 'roles/web/templates/sub/d.hbs'));
    expect(await findTemplate(roots, undefined, 'a.hbs')).toBe(join(roots.project, 'templates/a.hbs'));
    expect(await findTemplate(roots, role(), 'b.hbs')).toBe(join(roots.project, 'templates/b.hbs'));
    expect(await findTemplate(roots, role(), 'c.hbs')).toBe(join(roots.shipped, 'templates/c.hbs'));
    expect(await findFile(roots, role(), 'f')).toBe(join(roots.project, 'files/f'));
  });

  test.each(['../secret.txt', 'sub/../../x', '/etc/passwd', 'C:\\x', '..\\x', '~/x', '\\\\server\\x', 'link.hbs'])(
    'never points outside: %s',
    async (name) => {
      expect(await errorsOf(() => findTemplate(roots, role(), name))).toContain(
        `the template "${name}" points outside its directory`,
      );
    },
  );

  test('that does not exist is reported with the directories that were searched', async () => {
    expect(await errorsOf(() => findTemplate(roots, role(), 'x.hbs'))).toBe(
      `there is no template "x.hbs"\n  heal searches roles/web/templates, templates, ${join(roots.shipped, 'templates')}`,
    );
  });
});
