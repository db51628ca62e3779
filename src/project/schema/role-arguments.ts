import { HealError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { Evaluated, Value } from '../../core/playbook.ts';
import type { Inventory, InventoryHost } from '../inventory/groups.ts';
import { runsOn } from '../playbook/only-on.ts';
import type { LoadedPlay } from '../playbook/play.ts';
import type { LoadedRole } from '../playbook/role.ts';
import type { Layer } from '../variables/layer.ts';
import { placeOfVariable } from '../variables/names.ts';
import { isList, isMapping, revealed } from '../variables/value.ts';
import { magicOf, makeVariables } from '../variables/variables.ts';
import type { Problems } from '../yaml/problems.ts';
import { violations } from './schema-check.ts';
import { isObject } from './schema-fast.ts';

/**
 * Checks the variables of a play's roles against `arguments` of their meta/main.yml, for each host, as far as values
 * are known before a connection. Errors point to the definition of the value.
 */
export async function checkRoleArguments(
  loaded: LoadedPlay,
  inventory: Inventory,
  extra: Layer,
  problems: Problems,
): Promise<void> {
  for (const role of loaded.loadedRoles) {
    const names = [...new Set([...Object.keys(role.arguments.properties), ...role.arguments.required])];
    if (names.length === 0) continue;
    const hosts = loaded.hosts.filter((host) => runsOn(role, host.name));
    for (const host of hosts) await checkHost(role, names, host, loaded, inventory, extra, problems);
  }
}

async function checkHost(
  loadedRole: LoadedRole,
  names: readonly string[],
  host: InventoryHost,
  loaded: LoadedPlay,
  inventory: Inventory,
  extra: Layer,
  problems: Problems,
): Promise<void> {
  const { role } = loadedRole;
  const layers = [...loaded.layersOf(host, role), extra];
  const facts: Evaluated<Value> = { kind: 'pending', names: ['facts'] };
  const magic = magicOf(host, inventory, {
    extra,
    playName: loaded.play.name,
    playRoleNames: () => loaded.play.roles.map((one) => one.name),
    roleName: role.name,
    roleDirectory: role.directory,
  });
  const variables = makeVariables({ layers, extra, magic, known: { facts } });
  for (const name of names) {
    let found: Evaluated<Value> | undefined;
    try {
      found = variables.lookup(name);
    } catch (error) {
      // A result that a task registers does not exist yet, and names were checked already.
      if (error instanceof HealError) continue;
      throw error;
    }
    const schema = loadedRole.arguments.properties[name];
    if (found === undefined) {
      if (!loadedRole.arguments.required.includes(name)) continue;
      const about =
        isObject(schema) && typeof schema['description'] === 'string'
          ? `it is ${schema['description'].replace(/\.$/, '')}`
          : undefined;
      problems.add(
        `role "${role.name}" needs "${name}" for ${host.name}`,
        loadedRole.at,
        about ?? 'define it in the inventory or the play',
      );
      continue;
    }
    if (found.kind === 'pending' || schema === undefined) continue;
    for (const violation of await violations(
      isObject(schema) ? schema : { const: schema },
      json(revealed(found.value).value),
    )) {
      const path = [name, ...violation.path].join('.');
      problems.add(
        `role "${role.name}": "${path}" ${violation.message}`,
        placeOfVariable(layers, name) ?? loadedRole.at,
        violation.hint,
      );
    }
  }
}

/** A value whose secrets are revealed already. */
function json(value: Value): Json {
  if (isList(value)) return value.map(json);
  if (isMapping(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, json(member)]));
  return typeof value === 'object' ? null : value;
}
