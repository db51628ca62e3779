import { posix } from 'node:path';
import { type Change, predicts } from '../core/change.ts';
import type { JsonObject } from '../core/json.ts';
import type { Decision } from '../core/module.ts';
import type { Sh } from '../core/sh.ts';
import { present } from '../core/state.ts';
import {
  compose as ask,
  type ComposeContainer,
  type Composed,
  type ComposeProject,
  type ComposeStep,
  composeCommand,
  composeVerb,
} from '../probes/compose.ts';
import { composeFunction } from '../probes/docker-words.ts';
import { sh } from '../shell/sh.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath } from './definition/schemas.ts';

const relativeFiles = { type: 'array', items: { type: 'string', minLength: 1 } } as const;

/** Applies the files of a Docker Compose project. Containers that do not differ from them are not touched. */
export const compose = defineModule({
  name: 'compose',
  about: 'Applies the files of a Docker Compose project. Containers that do not differ from them are not touched.',
  args: {
    properties: {
      project_src: { ...absolutePath, description: 'Directory of the project on the host.' },
      files: { ...relativeFiles, description: 'Compose files, instead of those that Compose finds in the directory.' },
      env_files: { ...relativeFiles, description: 'Env files, instead of .env.' },
      project_name: {
        type: 'string',
        pattern: '^[a-z0-9][a-z0-9_-]*$',
        description: 'Name of the project. Default: the name of the directory.',
      },
      profiles: { ...relativeFiles, description: 'Profiles to activate.' },
      services: { ...relativeFiles, description: 'Only these services and their dependencies.' },
      state: {
        enum: ['up', 'down'],
        default: 'up',
        description: '`up` recreates only containers that differ, and removes none before.',
      },
      recreate: {
        enum: ['auto', 'never', 'always'],
        default: 'auto',
        description:
          '`never`: keep containers whose configuration changed. `always`: recreate on every run; use it in handlers.',
      },
      pull: {
        enum: ['policy', 'never', 'missing'],
        default: 'policy',
        description: 'Whether to pull images. `policy`: as the files say; newer images are not searched for.',
      },
      stopped: {
        enum: ['start', 'leave'],
        default: 'start',
        description:
          '`leave` does not start containers that were stopped manually: status `exited` with restart policy `always` or `unless-stopped`. Such a container is still started if a service that compose creates depends on it.',
      },
      remove_orphans: {
        type: 'boolean',
        default: false,
        description: 'Remove containers of services that no longer exist.',
      },
      volumes: {
        type: 'boolean',
        default: false,
        description: 'With `down`: also remove the volumes with their data.',
      },
      wait: {
        type: 'integer',
        minimum: 1,
        description: 'Maximum seconds until all containers run, and are healthy if they have a health check.',
      },
    },
    required: ['project_src'],
  },
  shorthand: 'project_src',
  examples: [
    { name: "The bot's containers are as its compose file says", args: { project_src: '/srv/bot' } },
    {
      name: 'The database runs, from an image that is there',
      args: { project_src: '/srv/app', files: ['db.yml'], services: ['db'], pull: 'never', wait: 60 },
    },
  ],
  reads: (args, _look, input) => ({ project: ask(projectOf(args), input.account) }),
  plan: (args, answers, input, before) => {
    const said: Composed = answers.project ?? { steps: [] };
    const project = projectOf(args);
    const result = resultOf(said);
    if (said.error !== undefined) {
      return { changes: [], result, failed: said.error, hint: `see \`docker compose config\` in ${project.directory}` };
    }
    const { steps, left } = wantedSteps(args, said, before?.project);
    const stays: Partial<Decision> =
      left.length === 0
        ? {}
        : { message: `${left.map(({ name }) => name).join(', ')} stays stopped, as somebody left it` };
    if (steps.length === 0) return { changes: [], result, ...stays };
    const question = ask(project, input.account);
    const change: Change = {
      title: titleOf(steps),
      sign: project.state === 'down' ? '-' : steps.every(({ verb }) => verb === 'create') ? '+' : '~',
      act: { kind: 'program', script: actText(project, args.wait, left) },
      // If some are left unchanged, compose continues to report steps for them.
      predicts: left.length > 0 ? [] : [predicts(question, present({ steps: [] }))],
      touches: ['docker', 'containers', 'processes', 'ports', 'http'],
      settles: 5,
    };
    return { changes: [change], result, ...stays };
  },
});

interface ComposeArgs {
  readonly project_src: string;
  readonly files?: readonly string[];
  readonly env_files?: readonly string[];
  readonly project_name?: string;
  readonly profiles?: readonly string[];
  readonly services?: readonly string[];
  readonly state: 'up' | 'down';
  readonly recreate: 'auto' | 'never' | 'always';
  readonly pull: 'policy' | 'never' | 'missing';
  readonly remove_orphans: boolean;
  readonly volumes: boolean;
}

function projectOf(args: ComposeArgs): ComposeProject {
  return {
    directory: posix.normalize(args.project_src).replace(/(.)\/+$/, '$1'),
    files: args.files ?? [],
    envFiles: args.env_files ?? [],
    ...(args.project_name === undefined ? {} : { name: args.project_name }),
    profiles: args.profiles ?? [],
    services: args.services ?? [],
    state: args.state,
    recreate: args.recreate,
    pull: args.pull,
    removeOrphans: args.remove_orphans,
    volumes: args.volumes,
  };
}

/** The steps to run out of those that compose reports, and the containers that a user stopped and that must stay stopped. */
function wantedSteps(
  args: ComposeArgs & { readonly stopped: 'start' | 'leave' },
  said: Composed,
  before: Composed | undefined,
): { readonly steps: readonly ComposeStep[]; readonly left: readonly ComposeContainer[] } {
  if (args.state === 'down') return { steps: said.steps, left: [] };
  const containers = said.run?.containers ?? [];
  const of = (step: ComposeStep) =>
    step.what === 'container' ? containers.find(({ name }) => name === step.name) : undefined;
  const stopped = args.stopped === 'leave' ? containers.filter(wasStopped) : [];
  const steps = said.steps.filter((step) => !stopped.some((one) => one === of(step)));
  if (args.recreate === 'always') {
    // Containers other than before prove it.
    const old = new Set((before?.run?.containers ?? []).map(({ id }) => id));
    const same = containers.filter((one) => !stopped.includes(one) && (before === undefined || old.has(one.id)));
    const more = same
      .filter(({ name }) => !steps.some((step) => step.what === 'container' && step.name === name))
      .map(({ name }): ComposeStep => ({ what: 'container', name, verb: 'recreate' }));
    return { steps: [...steps, ...more], left: stopped };
  }
  return { steps, left: stopped };
}

/** Docker restarts these, unless a user stopped them. */
function wasStopped({ status, policy }: ComposeContainer): boolean {
  return status === 'exited' && (policy === 'always' || policy === 'unless-stopped');
}

function titleOf(steps: readonly ComposeStep[]): string {
  return (['create', 'recreate', 'start', 'stop', 'remove'] as const)
    .filter((verb) => steps.some((step) => step.verb === verb))
    .map((verb) => {
      const names = steps
        .filter((step) => step.verb === verb)
        .map(({ what, name }) => (what === 'container' ? name : `${what} ${name}`));
      return `${verb} ${names.join(', ')}`;
    })
    .join('; ');
}

function actText(project: ComposeProject, wait: number | undefined, left: readonly ComposeContainer[]): Sh {
  const command = composeCommand(project);
  const waiting = wait === undefined || project.state === 'down' ? [] : ['--wait', '--wait-timeout', wait];
  const stays = [...new Set(left.map(({ service }) => service))].flatMap((service) => ['-e', service]);
  // Without the ones that stay. Not with --no-deps, which creates containers that the next `up` would recreate.
  const others = sh`
    others=$(${command} config --services | grep -vxF ${stays})
    [ -n "$others" ] || exit 0
  `;
  const narrowed = left.length > 0 && project.services.length === 0;
  const services = project.services.filter((service) => !left.some((one) => one.service === service));
  return sh`
    ${composeFunction}
    cd -- ${project.directory} || exit 1
    ${narrowed ? others : services.length < project.services.length && services.length === 0 ? sh`exit 0` : sh`:`}
    said=$(${command} ${composeVerb(project)} ${waiting} ${narrowed ? sh`$others` : services} 2>&1) || {
      printf '%s\n' "$said" >&2
      exit 1
    }
  `;
}

function resultOf(said: Composed): JsonObject {
  return {
    steps: said.steps.map((step) => ({ ...step })),
    containers: (said.run?.containers ?? []).map(({ name, service, status, startedAt }) => ({
      name,
      service,
      status,
      started_at: startedAt,
    })),
  };
}
