import type { Template } from '../../core/playbook.ts';
import { compileNode } from '../template/template.ts';
import { checkName } from '../yaml/fields.ts';
import type { Problems } from '../yaml/problems.ts';
import type { MapNode } from '../yaml/yaml-file.ts';
import type { SecretStore } from './secret-source.ts';

/**
 * Variables of one origin. They are looked up in layers; the later one wins:
 *
 * | | origin | where |
 * | --- | --- | --- |
 * | 1 | defaults of the play's roles, in their order | `roles/X/defaults/main.yml` |
 * | 2 | defaults of the task's own role | the same |
 * | 3 | groups of the host: `all`, then by depth, then by name; of each the inventory file, then group_vars | `inventory/` |
 * | 4 | the host: the inventory file, then host_vars | `inventory/` |
 * | 5 | `vars` of the play, then its `vars_files` | `tasks/` |
 * | 6 | vars of the play's roles, then of the task's own role | `roles/X/vars/main.yml` |
 * | 7 | `vars` of a play, a dependency or an import that names the role | `roles: [{ role: X, vars: ... }]` |
 * | 8 | `vars` of the blocks and imports around the task, then its own | |
 * | 9 | facts, registered results, and other values of the run | |
 * | 10 | extra variables | `-e` |
 * | 11 | the item of a loop | |
 *
 * A role that `include_role` names without `public` is not in 1 and 6.
 * Names that heal itself sets (`magicNames`) can't be defined at all.
 */
export interface Layer {
  /** Names their origin: `group vps`, `defaults of jack-service`. */
  readonly title: string;
  readonly vars: Readonly<Record<string, Template>>;
}

/** Compiles a mapping of variables; `check` gets it before. Errors are reported to `problems`. */
export function compileLayer(
  title: string,
  node: MapNode,
  secrets: SecretStore,
  problems: Problems,
  check?: (node: MapNode, problems: Problems) => void,
): Layer {
  check?.(node, problems);
  const vars: Record<string, Template> = {};
  for (const { key, at, value } of node.entries) {
    if (!checkName(key, at, problems)) continue;
    const compiled = problems.attempt(() => compileNode(value, secrets));
    if (compiled !== undefined) vars[key] = compiled;
  }
  return { title, vars };
}
