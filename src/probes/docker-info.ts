import { type Account, type Question, question } from '../core/probe.ts';
import { absent, present, type State } from '../core/state.ts';
import { sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { docker, dockerTrouble } from './docker-words.ts';
import { parts } from './trouble.ts';

/** Docker's engine, as it works now: what its file says may not be in force yet. */
export interface DockerInfo {
  readonly version: string;
  /** Whether containers go on while the engine is away. */
  readonly liveRestore: boolean;
  /** Whether uids in containers are shifted (userns-remap). */
  readonly userns: boolean;
  readonly rootless: boolean;
  readonly storageDriver: string;
  readonly loggingDriver: string;
  readonly debug: boolean;
  readonly labels: readonly string[];
  /** Where images and containers lie; with userns-remap a directory of its own below the usual one. */
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

/** How Docker's engine is set. `absent` where none answers; `docker info` is slow, so it is asked beside other things. */
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

/** Asks how Docker's engine is set. */
export function dockerInfo(account: Account = {}): Question<DockerInfo> {
  return question(dockerInfoProbe, { all: true }, account);
}

function readInfo(text: string, errors: string): State<DockerInfo> | undefined {
  const trouble = dockerTrouble(errors);
  // An engine that refuses connections is not there; one that may not be spoken to is.
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
