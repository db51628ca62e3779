import type { Inventory } from '../project/inventory/inventory.ts';
import type { Paint } from '../report/paint.ts';

/**
 * Groups and hosts as `ansible-inventory --graph` draws them: `@` marks a group. A host is listed only below its nearest
 * groups; groups without any of the chosen hosts are left out.
 */
export function hostTree(inventory: Inventory, chosen: ReadonlySet<string>, paint: Paint): string[] {
  const lines: string[] = [];
  const walk = (name: string, prefix: string): void => {
    const group = inventory.groups.get(name);
    if (group === undefined) return;
    const children = group.children.filter((child) =>
      inventory.groups.get(child)?.hosts.some((host) => chosen.has(host)),
    );
    const below = new Set(children.flatMap((child) => inventory.groups.get(child)?.hosts ?? []));
    for (const host of group.hosts) if (chosen.has(host) && !below.has(host)) lines.push(`${prefix}|--${host}`);
    for (const child of children) {
      lines.push(`${prefix}|--${paint('bold', `@${child}`)}`);
      walk(child, `${prefix}|  `);
    }
  };
  lines.push(paint('bold', '@all'));
  walk('all', '  ');
  return lines;
}
