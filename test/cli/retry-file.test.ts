import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { retryHint, retryPath, writeRetryFile } from '../../src/cli/retry-file.ts';
import type { Counts, Report } from '../../src/core/event.ts';
import { loadInventory } from '../../src/project/inventory/inventory.ts';
import { limitHosts } from '../../src/project/inventory/pattern.ts';
import { directoryWith } from './built.ts';

const none: Counts = {
  ok: 0,
  changed: 0,
  unreachable: 0,
  failed: 0,
  skipped: 0,
  rescued: 0,
  ignored: 0,
  unknown: 0,
};
const report: Report = { jack4: none, jack5: { ...none, failed: 1 }, john1: { ...none, unreachable: 1 } };

test('failed hosts can be selected with --limit @FILE, and the file lists none after a run without failures', async () => {
  const project = directoryWith({ 'inventory/hosts.yml': 'all: { hosts: { jack4: , jack5: , john1: } }\n' });
  const path = retryPath(project, 'site');
  expect(await writeRetryFile(path, 'site', report)).toEqual(['jack5', 'john1']);
  expect(readFileSync(path, 'utf8')).toBe('# hosts that failed in the last run of site\njack5\njohn1\n');
  const inventory = await loadInventory({ project, home: '/home/me', env: {} });
  const hosts = await limitHosts(inventory, '@.heal/retry/site.txt', project);
  expect(hosts.map((host) => host.name)).toEqual(['jack5', 'john1']);
  expect(await writeRetryFile(path, 'site', report, ['jack4'])).toEqual(['jack4', 'jack5', 'john1']);
  expect(await writeRetryFile(path, 'site', { jack5: none })).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe('# no host failed in the last run of site\n');
});

test.each([
  ['site', 'site.txt'],
  ['tasks/deep/extra.yml', 'tasks-deep-extra.txt'],
  ['../other.yaml', 'other.txt'],
  ['..', 'playbook.txt'],
])('of %s they are kept in %s', (playbook, file) => {
  expect(retryPath('/p', playbook)).toBe(join('/p', '.heal', 'retry', file));
});

test('the hint names the file relative to the working directory', () => {
  const path = retryPath('/p', 'site');
  expect(retryHint(path, 'site', '/p')).toBe(
    `hint: heal run site --limit "@${join('.heal', 'retry', 'site.txt')}" works on the hosts that failed`,
  );
  expect(retryHint(path, 'a b.yml', '/q')).toContain(`heal run "a b.yml" --limit "@${path}"`);
});
