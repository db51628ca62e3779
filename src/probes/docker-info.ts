import { type Account, type Question, question } from '../core/probe.ts';
import { absent, present, type State } from '../core/state.ts';
import { sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { docker, dockerTrouble } from './docker-words.ts';
import { parts } from './trouble.ts';

/** The running Docker engine: settings in its file may not be active yet. */
export interface DockerInfo {
  readonly version: string;
  /** Whether containers keep running while the engine is stopped. */
  readonly liveRestore: boolean;
  /** Whether uids in containers are shifted (userns-remap). */
  readonly userns: boolean;
  readonly rootless: boolean;
  readonly storageDriver: string;
  readonly loggingDriver: string;
  readonly debug: boolean;
  readonly labels: readonly string[];
  /** Data root of images and containers; with userns-remap a separate directory below the default one. */
  readonly rootDir: string;
}

interface Said {
  readonly version: string;
  readonly liveRestore: boolean;
  readonly security: readonly string[] | null;
  readonly driver: string;
  readonly logging: string;
  readonly debug: boolean;
  readonly labels: readonly string[] | null;
  readonly root: string;
}

const format =
  '{"version":{{json .ServerVersion}},"liveRestore":{{json .LiveRestoreEnabled}},"security":{{json .SecurityOptions}},' +
  '"driver":{{json .Driver}},"logging":{{json .LoggingDriver}},"debug":{{json .Debug}},"labels":{{json .Labels}},' +
  '"root":{{json .DockerRootDir}}}';

/** Settings of the Docker engine. `absent` if none answers; `docker info` is slow, so it runs parallel to other questions. */
export const dockerInfoProbe = defineProbe<{ readonly all: true }, DockerInfo>({
  name: 'docker-info',
  about: "How Docker's engine is set now: version, live-restore, userns-remap, drivers, labels.",
  cost: 160,
  deadline: 30,
  key: () => '',
  scopes: () => ['docker-engine', 'unit:system/docker.service'],
  ask: () => sh`
    printf '\n%s info\n' "$N"
    { e=$({ ${docker} info --format ${format}; } 2>&1 >&8); } 8>&1
    printf '\n%s errors\n%s\n' "$N" "$e"
  `,
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    const state = readInfo(said.get('info')?.toString('utf8') ?? '', said.get('errors')?.toString('utf8') ?? '');
    return new Map(state === undefined ? [] : items.map(({ id }) => [id, state]));
  },
});

/** Asks for the settings of the Docker engine. */
export function dockerInfo(account: Account = {}): Question<DockerInfo> {
  return question(dockerInfoProbe, { all: true }, account);
}

function readInfo(text: string, errors: string): State<DockerInfo> | undefined {
  const trouble = dockerTrouble(errors);
  // An engine that refuses connections is absent; one that denies access is not.
  if (trouble !== undefined) return /does not answer/.test('why' in trouble ? trouble.why : '') ? absent : trouble;
  let said: Said;
  try {
    said = JSON.parse(text.trim());
  } catch {
    const why = errors.trim().split('\n').at(-1);
    return why ? { kind: 'unavailable', why } : undefined;
  }
  const options = (said.security ?? []).map((option) => option.split(',')[0]);
  return present({
    version: said.version,
    liveRestore: said.liveRestore,
    userns: options.includes('name=userns'),
    rootless: options.includes('name=rootless'),
    storageDriver: said.driver,
    loggingDriver: said.logging,
    debug: said.debug,
    labels: said.labels ?? [],
    rootDir: said.root,
  });
}
