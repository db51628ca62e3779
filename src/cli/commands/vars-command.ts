import { HealError, HealErrors } from '../../core/errors.ts';
import type { Place } from '../../core/place.ts';
import type { Evaluated, Role, Value } from '../../core/playbook.ts';
import type { Inventory, InventoryHost } from '../../project/inventory/inventory.ts';
import { selectHosts } from '../../project/inventory/pattern.ts';
import type { LoadedPlay } from '../../project/playbook/play.ts';
import { type LoadedPlaybook, loadPlaybook, playbookNames } from '../../project/playbook/playbook.ts';
import { type Explained, explain, type Shown } from '../../project/variables/explain.ts';
import { loadExtraVars } from '../../project/variables/extra-vars.ts';
import type { Layer } from '../../project/variables/layer.ts';
import { secretStore } from '../../project/variables/secret-source.ts';
import { variablesOfHost } from '../../project/variables/variables.ts';
import { didYouMean } from '../../project/yaml/spelling.ts';
import type { Options } from '../options.ts';
import { modulesOf } from '../wire.ts';
import type { World } from '../world.ts';
import { inventoryOf } from './hosts-command.ts';

/** The variables of a host in one play, or only in the inventory. */
interface View {
  readonly title: string;
  readonly rows: readonly (Explained & { readonly role?: string })[];
}

/** `heal vars HOST [NAME]`: each value and the file and line that it comes from, with the rules of a run. */
export async function varsCommand(options: Options, world: World): Promise<number> {
  const { inventory, project } = await inventoryOf(options, world);
  const [host, second] = selectHosts(inventory, options.target);
  if (host === undefined || second !== undefined) {
    throw new HealError('usage', `heal vars accepts one host, and "${options.target}" matches several`, {
      hint: 'name one of them',
    });
  }
  const store = secretStore({ project, home: world.home, env: world.env });
  const extra = await loadExtraVars(options.extraVars, project, world.cwd, store);
  world.hide(store.all());
  const playbook = await playbookOf(options, inventory, project, world);
  const plays = (playbook?.loaded ?? []).filter((one) => one.hosts.includes(host));
  const views =
    plays.length === 0 ? [inventoryView(inventory, host, extra)] : plays.map((one) => playView(one, host, extra));
  const { second: name } = options;
  const asked = name === undefined ? views : views.map((view) => only(view, name));
  if (name !== undefined && asked.every((view) => view.rows.length === 0)) throw unknownName(host, name, views);
  if (options.output === 'json') world.json(document(host, asked));
  else world.out(`${asked.map((view) => text(view, name !== undefined, world)).join('\n')}`);
  return 0;
}

/** The requested playbook; else `site` if it exists and has no errors. */
async function playbookOf(
  options: Options,
  inventory: Inventory,
  project: string,
  world: World,
): Promise<LoadedPlaybook | undefined> {
  const shipped = world.package.directory;
  const name = options.playbook ?? 'site';
  if (options.playbook === undefined) {
    const { playbooks } = await playbookNames({ project, shipped });
    if (!playbooks.includes(name)) return undefined;
  }
  try {
    const { cwd, home, env } = world;
    const catalogue = await modulesOf();
    const { extraVars } = options;
    const loaded = await loadPlaybook({ project, shipped, name, catalogue, inventory, extraVars, cwd, home, env });
    world.hide(loaded.secrets);
    return loaded;
  } catch (error) {
    if (options.playbook !== undefined || !(error instanceof HealError || error instanceof HealErrors)) throw error;
    world.err(
      `warning: playbook ${name} has errors; showing the inventory variables only. To see the errors, run: heal run ${name} --syntax-check\n`,
    );
    return undefined;
  }
}

function inventoryView(inventory: Inventory, host: InventoryHost, extra: Layer): View {
  const layers = [...host.layers, extra];
  const facts: Evaluated<Value> = { kind: 'pending', names: ['facts'] };
  const variables = variablesOfHost(inventory, host, { extra, known: { facts } });
  return { title: `${host.name}, as the inventory has it`, rows: explain(layers, variables) };
}

function playView(loaded: LoadedPlay, host: InventoryHost, extra: Layer): View {
  const { play } = loaded;
  const facts: Evaluated<Value> = { kind: 'pending', names: ['facts'] };
  const rowsOf = (role: Role | undefined): readonly Explained[] => {
    const sight = role === undefined ? undefined : play.tasks.find((task) => task.role === role);
    const variables = play.variables(host, sight && { ...sight, vars: {} }, { values: { facts } });
    return explain([...loaded.layersOf(host, role), extra], variables);
  };
  const rows = rowsOf(undefined);
  const known = new Map(rows.map((row) => [row.name, row.at]));
  // A role sees its own defaults, vars and parameters before those of the others.
  const own = loaded.loadedRoles.flatMap(({ role }) =>
    rowsOf(role).flatMap((row) => (known.get(row.name) === row.at ? [] : [{ ...row, role: role.name }])),
  );
  const all = [...rows, ...own].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { title: `${host.name}, as the play "${play.name}" sees it`, rows: all };
}

function only(view: View, name: string): View {
  return { ...view, rows: view.rows.filter((row) => row.name === name) };
}

function unknownName(host: InventoryHost, name: string, views: readonly View[]): HealError {
  const names = new Set(views.flatMap((view) => view.rows.map((row) => row.name)));
  const hint = didYouMean(name, names, `heal vars ${host.name} shows all that it has`);
  return new HealError('usage', `${host.name} has no variable "${name}"`, hint === undefined ? {} : { hint });
}

function text({ title, rows }: View, all: boolean, { clean, paint }: World): string {
  const lines = rows.map((row) => ({ left: `${row.name} = ${valueText(row.shown)}`, row }));
  const width = Math.min(60, Math.max(0, ...lines.map(({ left }) => clean.line(left).length)));
  const shown = lines.flatMap(({ left, row }) => {
    const role = row.role === undefined ? '' : `, in role ${row.role}`;
    const first = `  ${clean.line(left).padEnd(width)}  ${paint('dim', clean.line(`${originText(row)}${role}`))}`;
    const over = all ? row.over.map((one) => `not ${valueText(one.shown)}, ${originText(one)}`) : [];
    return [first, ...over.map((line) => `    ${paint('dim', clean.line(line))}`)];
  });
  return `${[paint('bold', clean.line(title)), ...shown].join('\n')}\n`;
}

function valueText(shown: Shown): string {
  switch (shown.kind) {
    case 'value':
      return JSON.stringify(shown.value);
    case 'pending':
      return `${shown.source} (known in a run)`;
    case 'error':
      return `(${shown.message})`;
  }
}

function originText({ title, at }: { readonly title: string; readonly at: Place }): string {
  return `${at.file}:${at.line} (${title})`;
}

function document(host: InventoryHost, views: readonly View[]): unknown {
  const member = ({ shown, title, at }: Explained['over'][number]) => ({
    ...(shown.kind === 'value' ? { value: shown.value } : { value: null, [shown.kind]: valueText(shown) }),
    from: title,
    at: `${at.file}:${at.line}:${at.column}`,
  });
  return {
    format: 1,
    host: host.name,
    views: views.map((view) => ({
      title: view.title,
      variables: view.rows.map((row) => ({
        name: row.name,
        ...member(row),
        ...(row.role === undefined ? {} : { role: row.role }),
        over: row.over.map(member),
      })),
    })),
  };
}
