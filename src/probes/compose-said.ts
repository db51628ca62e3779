/** The action of `docker compose` for one resource. */
export interface ComposeStep {
  readonly what: 'container' | 'network' | 'volume';
  readonly name: string;
  readonly verb: 'create' | 'recreate' | 'start' | 'remove' | 'stop';
}

/** A container of a project. */
export interface ComposeContainer {
  readonly name: string;
  readonly id: string;
  readonly service: string;
  readonly status: string;
  readonly policy: string;
  readonly exitCode: number;
  readonly startedAt: string;
  /** Of its configuration, as computed by compose. */
  readonly hash: string;
}

/** The Go template that prints a ComposeContainer as one line. */
export const containerFormat =
  '{"name":{{json .Name}},"id":{{json .ID}},"service":{{json (index .Config.Labels "com.docker.compose.service")}},' +
  '"status":{{json .State.Status}},"policy":{{json .HostConfig.RestartPolicy.Name}},"exitCode":{{json .State.ExitCode}},' +
  '"startedAt":{{json .State.StartedAt}},"hash":{{json (index .Config.Labels "com.docker.compose.config-hash")}}}';

/** Reads the lines of `docker container inspect --format containerFormat`, by name. */
export function readContainers(text: string): ComposeContainer[] {
  return text
    .split('\n')
    .flatMap((line): ComposeContainer[] => {
      if (!line.startsWith('{')) return [];
      try {
        const said: ComposeContainer = JSON.parse(line);
        return [{ ...said, name: said.name.replace(/^\//, '') }];
      } catch {
        return [];
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

// In ascending precedence: a container that is recreated is started as well.
const verbs: readonly (readonly [ComposeStep['verb'], RegExp])[] = [
  ['stop', /^Stopp/],
  ['start', /^Start/],
  ['create', /^Creating/],
  ['recreate', /^Recreat/],
  ['remove', /^Remov/],
];

/**
 * Reads the output of `docker compose --dry-run`: `DRY-RUN MODE - Container web-1 Recreate`. A container that compose
 * only inspects (Running, Created, Waiting) creates no step.
 */
export function readDryRun(text: string): ComposeStep[] {
  const steps = new Map<string, ComposeStep>();
  for (const line of text.split('\n')) {
    const match = /\b(Container|Network|Volume) +"?([^\s"]+)"? +([A-Z][a-z]+)\b/.exec(line);
    const [, kind = '', name = '', word = ''] = match ?? [];
    const rank = verbs.findIndex(([, pattern]) => pattern.test(word));
    const verb = verbs[rank]?.[0];
    if (verb === undefined) continue;
    // During a replacement, the name of the new container is prefixed with the old one's id.
    const plain = kind === 'Container' ? name.replace(/^[0-9a-f]{12}_/, '') : name;
    const key = `${kind} ${plain}`;
    const earlier = steps.get(key);
    if (earlier !== undefined && verbs.findIndex(([one]) => one === earlier.verb) >= rank) continue;
    steps.set(key, { what: kind.toLowerCase() as ComposeStep['what'], name: plain, verb });
  }
  // Compose runs the steps in parallel, and prints them in any order.
  return [...steps.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, step]) => step);
}

/**
 * The same for a compose without dry run (before 2.17): compares the hashes of the services in the files with
 * those of the containers.
 */
export function stepsByHash(hashes: string, containers: readonly ComposeContainer[], recreate: string): ComposeStep[] {
  return hashes.split('\n').flatMap((line): ComposeStep[] => {
    const [service = '', hash] = line.trim().split(/\s+/);
    if (hash === undefined) return [];
    const own = containers.filter((one) => one.service === service);
    if (own.length === 0) return [{ what: 'container', name: service, verb: 'create' }];
    return own.flatMap((one): ComposeStep[] => {
      const differs = recreate !== 'never' && one.hash !== hash;
      if (differs) return [{ what: 'container', name: one.name, verb: 'recreate' }];
      return one.status === 'running' ? [] : [{ what: 'container', name: one.name, verb: 'start' }];
    });
  });
}

/** Without containers that completed successfully: compose would start them at each `up`. */
export function withoutOneshots(
  steps: readonly ComposeStep[],
  containers: readonly ComposeContainer[],
): readonly ComposeStep[] {
  return steps.filter((step) => {
    const one = containers.find(({ name }) => name === step.name);
    if (step.what !== 'container' || step.verb !== 'start' || one === undefined) return true;
    return one.status !== 'exited' || one.exitCode !== 0 || (one.policy !== 'no' && one.policy !== 'on-failure');
  });
}

/** The error message of compose, without its progress and its warnings. */
export function composeError(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/DRY-RUN MODE|level=(warning|info|debug)/.test(line));
  return lines.join('; ').slice(0, 1000) || 'docker compose failed without a word';
}
