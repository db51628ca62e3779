import { type Change, predicts } from '../core/change.ts';
import type { JsonObject } from '../core/json.ts';
import type { Decision, Input } from '../core/module.ts';
import { present } from '../core/state.ts';
import { type DockerInfo, dockerInfo } from '../probes/docker-info.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath } from './definition/schemas.ts';
import { forceChange, inForce, needsRestart, withSettings } from './docker/docker-settings.ts';
import { mergeStrictJson } from './structured/json-merge.ts';
import { type Edit, editedPlan, editedReads } from './text/edited-file.ts';

/** Manages settings of the Docker engine in daemon.json and applies them with a reload. Other settings are kept. */
export const dockerConfig = defineModule({
  name: 'docker_config',
  about:
    'Manages settings of the Docker engine in daemon.json and applies them with a reload. Other settings are kept. Containers keep running unless `restart` is used.',
  args: {
    properties: {
      settings: {
        type: 'object',
        minProperties: 1,
        description: 'Keys of daemon.json. Objects are merged, lists are replaced, `null` removes a key.',
      },
      path: { ...absolutePath, default: '/etc/docker/daemon.json' },
      restart: {
        enum: ['never', 'if_needed'],
        default: 'never',
        description:
          'Whether to restart Docker if a changed setting cannot be applied with a reload. A restart stops all containers unless `live-restore` is enabled.',
      },
      backup: {
        type: 'boolean',
        default: true,
        description: 'Save a backup of the old file in the same directory, with a timestamp in its name.',
      },
    },
    required: ['settings'],
  },
  examples: [
    { name: "Containers survive Docker's own restart", args: { settings: { 'live-restore': true } } },
    {
      name: 'Logs of containers stay small',
      args: { settings: { 'log-driver': 'local', 'log-opts': { 'max-size': '10m' } }, restart: 'if_needed' },
    },
  ],
  reads: (args, look, input) => ({
    ...editedReads(fileArgs(args, undefined), look, input),
    info: dockerInfo(input.account),
  }),
  plan: (args, answers, input, before) => {
    const settings = args.settings as JsonObject;
    const { info } = answers;
    const merged = mergeStrictJson(answers.content?.bytes.toString('utf8').replace(/^\ufeff/, '') ?? '', settings);
    const keys = 'failed' in merged ? [] : merged.keys;
    const old = 'failed' in merged ? {} : merged.old;
    const refusal = refused(settings, old, info);
    if (refusal !== undefined) return refusal;

    const edit: Edit = (text) => {
      const now = mergeStrictJson(text, settings);
      return 'failed' in now ? now : { text: now.text, what: `${Object.keys(settings).join(', ')} set` };
    };
    const file = editedPlan(fileArgs(args, info), answers, input, edit);
    if (file.failed !== undefined || info === undefined) {
      return {
        ...file,
        ...(info === undefined ? { message: "Docker does not run: it is read at Docker's start" } : {}),
      };
    }
    // The settings changed in the file, and those in it that were never applied according to the engine.
    const late = Object.keys(settings).filter((key) => inForce(key, settings[key] ?? null, info) === false);
    const open = [...new Set([...(before === undefined ? keys : []), ...late])];
    const hard = open.filter((key) => needsRestart(key, settings[key] ?? null));
    const soft = open.filter((key) => !hard.includes(key));
    const restarts = hard.length > 0 && args.restart === 'if_needed';
    const changes = [
      // A restart comes after the reload, so that live-restore is active when Docker stops.
      ...(soft.length > 0 ? [forceChange('reload', soft, false)] : []),
      ...(restarts ? [forceChange('restart', hard, withSettings(settings, soft, info).liveRestore)] : []),
    ];
    const reached = withSettings(settings, restarts ? open : soft, info);
    return {
      ...file,
      changes: [...file.changes, ...changes.map((change) => foretelling(change, reached, input))],
      result: { ...file.result, live_restore: info.liveRestore, version: info.version },
      ...(hard.length > 0 && !restarts
        ? { message: `${hard.join(', ')}: applied at Docker's next start (restart: if_needed)` }
        : {}),
    };
  },
});

interface ConfigArgs {
  readonly path: string;
  readonly backup: boolean;
}

/** Docker 23 and later can check whether they would start with a file. */
function fileArgs(args: ConfigArgs, info: DockerInfo | undefined): Parameters<typeof editedReads>[0] {
  const checks = info !== undefined && Number.parseInt(info.version, 10) >= 23;
  return {
    path: args.path,
    backup: args.backup,
    create: true,
    ...(checks ? { validate: 'dockerd --validate --config-file %s' } : {}),
  };
}

function refused(settings: JsonObject, old: JsonObject, info: DockerInfo | undefined): Decision | undefined {
  if (!Object.hasOwn(settings, 'userns-remap')) return undefined;
  const wanted = settings['userns-remap'] ?? '';
  const is = old['userns-remap'] ?? '';
  // It may also be set with an argument of dockerd.
  if (wanted === is || (wanted !== '' && is === '' && info?.userns === true)) return undefined;
  return {
    changes: [],
    failed: `userns-remap is not changed from ${JSON.stringify(is)} to ${JSON.stringify(wanted)}: Docker would look in another directory, and all its images, containers and volumes would be gone from its sight`,
    hint: 'take it out of settings; to move a host on purpose, save what is in its volumes and change it manually',
  };
}

function foretelling(change: Change, info: DockerInfo, input: Input): Change {
  return { ...change, predicts: [predicts(dockerInfo(input.account), present(info))] };
}
