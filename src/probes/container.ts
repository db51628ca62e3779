import { type Account, type Question, question } from '../core/probe.ts';
import { absent, present, type State } from '../core/state.ts';
import { sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { docker, dockerTrouble } from './docker-words.ts';
import { parts } from './trouble.ts';

/** A container, according to Docker. */
export interface Container {
  readonly name: string;
  readonly id: string;
  /** As in its configuration: `openclaw:lab`. */
  readonly image: string;
  readonly imageId: string;
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:5`. */
  readonly restartPolicy: string;
  /** Whether it has a health check. */
  readonly checked: boolean;
  readonly mounts: readonly ContainerMount[];
  readonly labels: Readonly<Record<string, string>>;
  /** Not predictable in a plan: absent from predictions. */
  readonly run?: ContainerRun;
}

/** A path of the host, or a volume, inside a container. */
export interface ContainerMount {
  readonly type: string;
  readonly source: string;
  readonly destination: string;
  readonly writable: boolean;
}

/** The part of a Container that belongs to one run of it. */
export interface ContainerRun {
  /** 0 if it does not run. */
  readonly pid: number;
  /** RFC 3339 with fractions, different for each start. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Seconds since its start; 0 if it does not run. */
  readonly upFor: number;
  /** Number of restarts by its restart policy. */
  readonly restarts: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Why it could not be started; empty if it could. */
  readonly error: string;
  /** `none` if it has no health check or does not run. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** Number of checks that failed in a row. */
  readonly failingStreak: number;
}

interface ContainerParams {
  readonly name: string;
}

// Its environment may contain secrets, and the log of its health checks is long: both are left out. `.Id` would work as well, but
// makes Docker use its JSON unchanged, in which a container without a health check lacks these keys.
const format =
  '{"name":{{json .Name}},"id":{{json .ID}},"image":{{json .Config.Image}},"imageId":{{json .Image}},' +
  '"status":{{json .State.Status}},"policy":{{json .HostConfig.RestartPolicy}},"check":{{json .Config.Healthcheck}},' +
  '"mounts":{{json .Mounts}},"labels":{{json .Config.Labels}},"pid":{{json .State.Pid}},' +
  '"started":{{json .State.StartedAt}},"finished":{{json .State.FinishedAt}},"restarts":{{json .RestartCount}},' +
  '"code":{{json .State.ExitCode}},"oom":{{json .State.OOMKilled}},"error":{{json .State.Error}},' +
  '"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}null{{end}},' +
  '"streak":{{if .State.Health}}{{json .State.Health.FailingStreak}}{{else}}0{{end}}}';

/** States of containers, with one `docker container inspect` for all of them. */
export const containerProbe = defineProbe<ContainerParams, Container>({
  name: 'container',
  about: 'How a container is: status, health, restarts, since when, from which image, with which mounts.',
  cost: 60,
  deadline: 30,
  key: ({ name }) => name,
  scopes: ({ name }) => ['docker', `container:${name}`, 'unit:system/docker.service'],
  ask: (items) => sh`
    printf '\n%s containers\n' "$N"
    { e=$({ ${docker} container inspect --format ${format} ${items.map(({ params }) => params.name)}; } 2>&1 >&8); } 8>&1
    printf '\n%s errors\n%s\n' "$N" "$e"
    printf '\n%s now\n' "$N"; date +%s
  `,
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    const text = (name: string): string => said.get(name)?.toString('utf8') ?? '';
    const now = Number.parseInt(text('now'), 10);
    const found = new Map(
      text('containers')
        .split('\n')
        .flatMap((line) => readLine(line, now))
        .map((one) => [one.name, one]),
    );
    const errors = text('errors').trim();
    const missing = new Set([...errors.matchAll(/No such container: (\S+)$/gm)].map((match) => match[1]));
    const whole = dockerTrouble(errors);
    return new Map(
      items.flatMap(({ id, params }): [string, State<Container>][] => {
        const one = found.get(params.name);
        if (one !== undefined) return [[id, present(one)]];
        if (missing.has(params.name)) return [[id, absent]];
        if (whole !== undefined) return [[id, whole]];
        // Docker accepts the beginning of an id as a name: then this is another container.
        if (items.length === 1 && found.size === 1) return [[id, absent]];
        return items.length === 1 && errors !== '' ? [[id, { kind: 'unavailable', why: lastLine(errors) }]] : [];
      }),
    );
  },
  // Comparing the identity is sufficient: the status of a container that keeps ending changes all the time.
  guard: ({ name }, state) => {
    const now = state.kind === 'present' ? state.value.id : '';
    return sh`[ "$(docker container inspect --format ${'{{.Id}}'} ${name} 2>/dev/null)" = ${now} ]`;
  },
});

/** Asks for the state of a container, by its name. */
export function container(name: string, account: Account = {}): Question<Container> {
  return question(containerProbe, { name }, account);
}

/** Whether its program runs: Docker reports one that waits for its next try, and one that is frozen, as running. */
export function isRunning({ status }: Container): boolean {
  return status === 'running';
}

interface Said {
  readonly name: string;
  readonly id: string;
  readonly image: string;
  readonly imageId: string;
  readonly status: Container['status'];
  readonly policy: { readonly Name: string; readonly MaximumRetryCount: number };
  readonly check: { readonly Test?: readonly string[] | null } | null;
  readonly mounts:
    | readonly { readonly Type: string; readonly Source: string; readonly Destination: string; readonly RW: boolean }[]
    | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly pid: number;
  readonly started: string;
  readonly finished: string;
  readonly restarts: number;
  readonly code: number;
  readonly oom: boolean;
  readonly error: string;
  readonly health: ContainerRun['health'] | null;
  readonly streak: number;
}

function readLine(line: string, now: number): Container[] {
  if (!line.startsWith('{')) return [];
  let said: Said;
  try {
    said = JSON.parse(line);
  } catch {
    return [];
  }
  const { policy, check } = said;
  const runs = said.status === 'running' || said.status === 'paused';
  const retries = policy.Name === 'on-failure' && policy.MaximumRetryCount > 0 ? `:${policy.MaximumRetryCount}` : '';
  return [
    {
      name: said.name.replace(/^\//, ''),
      id: said.id,
      image: said.image,
      imageId: said.imageId,
      status: said.status,
      restartPolicy: `${policy.Name === '' ? 'no' : policy.Name}${retries}`,
      checked: (check?.Test ?? []).length > 0 && check?.Test?.[0] !== 'NONE',
      mounts: (said.mounts ?? [])
        .map((mount) => ({
          type: mount.Type,
          source: mount.Source,
          destination: mount.Destination,
          writable: mount.RW,
        }))
        // Docker lists them in no stable order.
        .sort((a, b) => (a.destination < b.destination ? -1 : 1)),
      labels: said.labels ?? {},
      run: {
        pid: said.pid,
        startedAt: said.started,
        finishedAt: said.finished,
        upFor: runs ? Math.max(0, now - Date.parse(said.started) / 1000) : 0,
        restarts: said.restarts,
        exitCode: said.code,
        oomKilled: said.oom,
        error: said.error,
        health: said.health ?? 'none',
        failingStreak: said.streak,
      },
    },
  ];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
