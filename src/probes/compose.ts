import { posix } from 'node:path';
import { type Account, type Question, question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import {
  type ComposeContainer,
  type ComposeStep,
  composeError,
  containerFormat,
  readContainers,
  readDryRun,
  stepsByHash,
  withoutOneshots,
} from './compose-said.ts';
import { defineProbe } from './define.ts';
import { composeFunction, dockerTrouble } from './docker-words.ts';
import { parts } from './trouble.ts';

export type { ComposeContainer, ComposeStep } from './compose-said.ts';

/** A project of `docker compose`, and its desired state. */
export interface ComposeProject {
  /** Directory in which compose runs. */
  readonly directory: string;
  /** Used instead of compose.yaml and its variants; paths relative to the directory. */
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly name?: string;
  readonly profiles: readonly string[];
  readonly services: readonly string[];
  readonly state: 'up' | 'down';
  readonly recreate: 'auto' | 'never' | 'always';
  readonly pull: 'policy' | 'never' | 'missing';
  readonly removeOrphans: boolean;
  /** With `down`: also remove the volumes that the files name. */
  readonly volumes: boolean;
}

/** Compose's report on a project. */
export interface Composed {
  /** Why compose can't apply it, in its own words: the file is invalid, an image is missing. */
  readonly error?: string;
  /** The steps it would run; none if everything matches the files. */
  readonly steps: readonly ComposeStep[];
  /** Not predictable in a plan: absent from predictions. */
  readonly run?: { readonly containers: readonly ComposeContainer[] };
}

/**
 * What `docker compose` would do to a project, according to its dry run. Hashes are not sufficient: those of `config
 * --hash` omit the content of an env_file and the image's id, both of which compose compares (docker/compose#14001).
 */
export const composeProbe = defineProbe<ComposeProject, Composed>({
  name: 'compose',
  about: 'Changes that docker compose would make so that the containers of a project match its files.',
  cost: 140,
  deadline: 60,
  together: false,
  key: (project) => JSON.stringify(project),
  scopes: (project) => [
    'docker',
    'containers',
    'unit:system/docker.service',
    `files:${project.directory}`,
    ...[...project.files, ...project.envFiles].map((file) => `path:${posix.resolve(project.directory, file)}`),
  ],
  ask: (items) => joinSh([composeFunction, ...items.map(({ params }) => askOne(params))], '\n'),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    const text = (name: string): string => said.get(name)?.toString('utf8') ?? '';
    return new Map(
      items.flatMap(({ id, params }): [string, State<Composed>][] => {
        if (!said.has('end')) return [];
        return [[id, readOne(params, text)]];
      }),
    );
  },
});

/** Asks what `docker compose` would do to a project. */
export function compose(project: ComposeProject, account: Account = {}): Question<Composed> {
  return question(composeProbe, project, account);
}

/**
 * `docker compose` with the options that identify the project; runs in its directory, after {@link composeFunction}.
 */
export function composeCommand({ files, envFiles, name, profiles }: ComposeProject): Sh {
  const words = [
    ...files.flatMap((file) => ['--file', file]),
    ...envFiles.flatMap((file) => ['--env-file', file]),
    ...(name === undefined ? [] : ['--project-name', name]),
    ...profiles.flatMap((profile) => ['--profile', profile]),
  ];
  return sh`compose_cli --ansi never ${words}`;
}

/** The subcommand after it: `up` or `down` with its options. */
export function composeVerb(project: ComposeProject): Sh {
  const orphans = project.removeOrphans ? ['--remove-orphans'] : [];
  if (project.state === 'down') {
    return sh`down ${[...orphans, ...(project.volumes ? ['--volumes'] : [])]}`;
  }
  const recreate = { auto: [], never: ['--no-recreate'], always: ['--force-recreate'] }[project.recreate];
  const pull = project.pull === 'policy' ? [] : ['--pull', project.pull];
  return sh`up --detach ${[...orphans, ...recreate, ...pull]}`;
}

function askOne(project: ComposeProject): Sh {
  // "Always recreate" does not show whether a recreation is necessary.
  const asked: ComposeProject = project.recreate === 'always' ? { ...project, recreate: 'auto' } : project;
  const command = composeCommand(project);
  return sh`
    printf '\n%s directory\n' "$N"
    cd -- ${project.directory} 2>&1 || { printf '\n%s end\n' "$N"; exit; }
    printf '\n%s said\n' "$N"
    o=$(${command} --dry-run ${composeVerb(asked)} ${project.services} 2>&1)
    c=$?
    printf '%s\n\n%s code\n%s\n' "$o" "$N" "$c"
    case $o in
      *'unknown flag: --dry-run'*)
        printf '\n%s hashes\n' "$N"
        ${command} config --hash ${project.services.length === 0 ? '*' : project.services.join(',')} 2>&1
        printf '\n%s hashcode\n%s\n' "$N" "$?"
        names=$(${command} ps --all --quiet ${project.services} 2>/dev/null)
        ;;
      *) names=$(printf '%s\n' "$o" | sed -n 's/.*Container  *\([a-zA-Z0-9_.-]*\) .*/\1/p' | sort -u) ;;
    esac
    printf '\n%s containers\n' "$N"
    [ -z "$names" ] || docker container inspect --format ${containerFormat} $names 2>/dev/null
    printf '\n%s end\n' "$N"
  `;
}

function readOne(project: ComposeProject, text: (name: string) => string): State<Composed> {
  const directory = text('directory').trim();
  if (directory !== '') return present({ error: `there is no directory ${project.directory}`, steps: [] });
  const said = text('said');
  const containers = readContainers(text('containers'));
  const trouble = dockerTrouble(said);
  if (trouble !== undefined && text('code').trim() !== '0') return trouble;
  if (/unknown docker command|is not a docker command|unknown (shorthand )?flag: (?!--dry-run)/.test(said)) {
    return { kind: 'unavailable', why: 'docker compose (version 2) is not on this host: install its plugin' };
  }
  if (/unknown flag: --dry-run/.test(said)) {
    const hashes = text('hashes');
    if (text('hashcode').trim() !== '0') return present({ error: composeError(hashes), steps: [] });
    const steps =
      project.state === 'up'
        ? stepsByHash(hashes, containers, project.recreate)
        : containers.map(({ name }): ComposeStep => ({ what: 'container', name, verb: 'remove' }));
    return present({ steps: withoutOneshots(steps, containers), run: { containers } });
  }
  if (text('code').trim() !== '0') return present({ error: composeError(said), steps: [] });
  return present({ steps: withoutOneshots(readDryRun(said), containers), run: { containers } });
}
