import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/project/inventory/groups.ts';
import { loadInventory } from '../../src/project/inventory/inventory.ts';
import { limitHosts, selectHosts } from '../../src/project/inventory/pattern.ts';
import { directoryWith, errorsOf } from './project.ts';

let inventory: Inventory;
let project: string;
beforeAll(async () => {
  project = await directoryWith({
    'inventory/hosts.yml': `all:
  children:
    vps: { hosts: { jack4: , jack5: , john1: } }
    bots: { hosts: { john1: , ross1: } }
  hosts: { "fe80::1": }
`,
    'site.retry': '# failed\njack5\n\nross1\n',
  });
  inventory = await loadInventory({ project, home: '/h', env: {} });
});

const names = (pattern: string): string =>
  selectHosts(inventory, pattern)
    .map((host) => host.name)
    .join(' ');

describe('a pattern', () => {
  test.each([
    ['jack4', 'jack4'],
    ['vps', 'jack4 jack5 john1'],
    ['all', 'jack4 jack5 john1 ross1 fe80::1'],
    ['*', 'jack4 jack5 john1 ross1 fe80::1'],
    ['jack*', 'jack4 jack5'],
    ['jack?', 'jack4 jack5'],
    ['jack[5-9]', 'jack5'],
    ['ross1,jack4', 'jack4 ross1'],
    ['ross1:jack4', 'jack4 ross1'],
    ['vps:!john1', 'jack4 jack5'],
    ['!john1:vps', 'jack4 jack5'],
    ['!vps', 'ross1 fe80::1'],
    ['vps:&bots', 'john1'],
    ['vps,bots,&vps,!jack*', 'john1'],
    ['~jack\\d', 'jack4 jack5'],
    ['~(john|ross):?1', 'john1 ross1'],
    ['vps[0]', 'jack4'],
    ['vps[-1]', 'john1'],
    ['vps[0:1]', 'jack4 jack5'],
    ['vps[1:]', 'jack5 john1'],
    ['fe80::1', 'fe80::1'],
  ])('%s is %s', (pattern, expected) => {
    expect(names(pattern)).toBe(expected);
  });

  test.each([
    ['jack44', 'there is no host or group "jack44"\n  did you mean "jack4"?'],
    [
      'nobody',
      'there is no host or group "nobody"\n  hosts are jack4, jack5, john1, ross1 and fe80::1; groups are vps and bots',
    ],
    ['vps:!nobody', 'there is no host or group "nobody"'],
    ['vps:!vps', '"vps:!vps" matches no host'],
    ['x*', '"x*" matches no host'],
    ['~(', '~( is not a regular expression'],
  ])('%s is refused', async (pattern, error) => {
    expect(await errorsOf(() => names(pattern))).toContain(error);
  });
});

describe('--limit', () => {
  test('reads the hosts of a retry file', async () => {
    const found = await limitHosts(inventory, '@site.retry', project);
    expect(found.map((host) => host.name)).toEqual(['jack5', 'ross1']);
    expect((await limitHosts(inventory, '@site.retry,!ross1', '/'.concat(project))).map((host) => host.name)).toEqual([
      'jack5',
    ]);
  });
  test('with a file that does not exist is refused', async () => {
    const path = join(project, 'nope.retry');
    expect(await errorsOf(() => limitHosts(inventory, '@nope.retry', project))).toBe(
      `can't read the list of hosts ${path}\n  check the path after @`,
    );
  });
});
