import { mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { attempt, type CommandOptions, type CommandResult, failure, run } from './command.ts';
import { payloadGroup } from './control-group.ts';
import { writeHostFiles } from './host-files.ts';
import { type Bind, firstProcess, startNspawn } from './nspawn.ts';
import type { Lab } from './open-lab.ts';
import { poll } from './process-identity.ts';
import { type HostRecord, labDirectory, writeRecord } from './record.ts';
import { type Flavour, rootImage } from './root-image.ts';
import { stopHost } from './take-down.ts';

/** A host to boot: a name, and what differs from the shipped root. */
export type HostOptions = {
  name: string;
  flavour?: Flavour;
  /** Read-only layers above the root, the topmost first. */
  layers?: readonly string[];
  /** A prepared upper layer to copy: what a test changes must not lie in a lower one, where the first write to a file
   * makes it another file and a watch on it goes blind. */
  upperDirectory?: string;
  /** A prepared /var/lib/docker to copy. */
  dockerDirectory?: string;
  binds?: readonly Bind[];
  /** Last touches to the root before the first boot. */
  prepare?: (root: string) => Promise<void> | void;
};

/** A running host. */
export type LabHost = {
  readonly name: string;
  readonly address: string;
  readonly port: 22;
  readonly user: 'root';
  /** The private key that root accepts (ed25519, no passphrase). */
  readonly identityFile: string;
  /** Holds the lines of all hosts of the lab. */
  readonly knownHostsFile: string;
  /** `ADDRESS TYPE BASE64`, one per host key. */
  readonly knownHosts: readonly string[];
  /** The host's root as this machine sees it; reading and writing is fine while it runs. */
  readonly root: string;
  /** Its first process as this machine numbers it.
   * @throws Error when it is down */
  readonly pid: number;
  /** Runs a shell text in the host as root, not over SSH, so that sshd's state does not matter; answers its output.
   * It may take 5 minutes if `timeoutMs` says nothing else.
   * @throws Error when the exit code is not 0 */
  exec(script: string, options?: CommandOptions): Promise<string>;
  /** Like `exec`, but answers the code and both outputs whatever the code. */
  attempt(script: string, options?: CommandOptions): Promise<CommandResult>;
  /** Pulls the plug; what is on disk stays. */
  stop(): void;
  /** Boots it (again) and waits until sshd answers and systemd has settled. */
  start(): Promise<void>;
  /** Pulls the plug and boots again. For an orderly one run `systemctl reboot` inside and call `settled`. */
  reboot(): Promise<void>;
  /** Waits until sshd answers and systemd has settled. */
  settled(): Promise<void>;
  /** What it printed on its console since the first boot. */
  console(): string;
};

/** Boots one host of a lab and waits until one can log in; about 1.5 s.
 * @throws Error with the end of the console when it does not come up */
export async function bootHost(lab: Lab, options: HostOptions): Promise<LabHost> {
  const { record } = lab;
  const number = record.hosts.length;
  const flavour = options.flavour ?? 'trixie';
  const own: HostRecord = {
    name: options.name,
    machine: `${record.id}-${number}`,
    address: `${record.network}.${number + 2}`,
  };
  record.hosts.push(own);
  writeRecord(record);

  const directory = join(labDirectory(record.id), own.machine);
  const root = join(directory, 'root');
  await layOut(directory, [...(options.layers ?? []), await rootImage(flavour)], options);
  const keys = await writeHostFiles(root, {
    name: own.name,
    address: own.address,
    gateway: lab.gateway,
    publicKey: lab.publicKey,
    flavour,
    internet: record.internet,
  });
  const knownHosts = keys.map((key) => `${own.address} ${key}`);
  lab.trust(knownHosts);
  await options.prepare?.(root);

  const console = () => readFileSync(join(directory, 'console'), 'utf8');
  const binds = [{ source: join(directory, 'docker'), target: '/var/lib/docker' }, ...(options.binds ?? [])];
  // First into the host's control group: to logind, whoever is outside it is nobody, and `loginctl` would refuse.
  const enter = (script: string): string[] => [
    ...['-c', 'echo $$ > "$0" && exec nsenter "$@"', payloadGroup(own.machine)],
    ...['-a', '-t', String(host.pid), '--', ...environment, 'sh', '-c', script],
  ];
  const host: LabHost = {
    name: own.name,
    address: own.address,
    port: 22,
    user: 'root',
    identityFile: lab.identityFile,
    knownHostsFile: lab.knownHostsFile,
    knownHosts,
    root,
    get pid() {
      const pid = firstProcess(own.supervisor);
      if (pid === undefined) throw new Error(`${own.name} is down`);
      return pid;
    },
    async exec(script, commandOptions) {
      const result = await host.attempt(script, commandOptions);
      if (result.code !== 0) throw new Error(failure(`${own.name}: ${script}`, result));
      return result.stdout;
    },
    attempt: (script, commandOptions) => attempt('sh', enter(script), { timeoutMs: 300_000, ...commandOptions }),
    stop: () => stopHost(own),
    async start() {
      own.supervisor = startNspawn({
        machine: own.machine,
        root,
        bridge: record.bridge,
        console: join(directory, 'console'),
        binds,
      });
      writeRecord(record);
      await host.settled();
    },
    async reboot() {
      host.stop();
      await host.start();
    },
    async settled() {
      const problem = await firstProblem(host);
      if (problem !== undefined)
        throw new Error(`${own.name} ${problem}; its console ends:\n${console().slice(-3000)}`);
    },
    console,
  };
  await host.start();
  lab.hosts.push(host);
  return host;
}

const environment = [
  ...['/usr/bin/env', '-i', 'HOME=/root', 'USER=root', 'LOGNAME=root', 'LANG=C.UTF-8', 'SHELL=/bin/bash'],
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
];

async function layOut(directory: string, layers: string[], options: HostOptions): Promise<void> {
  for (const name of ['work', 'root']) mkdirSync(join(directory, name), { recursive: true });
  await copyOrMake(options.upperDirectory, join(directory, 'upper'), 0o755);
  // dockerd's own overlays do not work on an overlay: its directory is a real one.
  await copyOrMake(options.dockerDirectory, join(directory, 'docker'), 0o710);
  const places = `lowerdir=${layers.join(':')},upperdir=${join(directory, 'upper')},workdir=${join(directory, 'work')}`;
  await run('mount', ['-t', 'overlay', 'heal-lab', '-o', places, join(directory, 'root')]);
}

async function copyOrMake(prepared: string | undefined, directory: string, mode: number): Promise<void> {
  if (prepared === undefined) mkdirSync(directory, { mode });
  else await run('cp', ['-a', '--reflink=auto', prepared, directory]);
}

/** Why the host cannot be used yet after a generous wait; undefined when it can. */
async function firstProblem(host: LabHost): Promise<string | undefined> {
  const greeted = await poll(async () => ((await greeting(host.address)) ? true : undefined), 60_000);
  if (greeted === undefined) return 'does not answer on port 22 after 60 s';
  const state = await host.attempt('systemctl is-system-running --wait', { timeoutMs: 120_000 });
  const said = state.stdout.trim();
  if (said === 'running' || said === 'degraded') return undefined;
  return `is "${said || state.stderr.trim()}" instead of running`;
}

function greeting(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => settle(data.toString('latin1').startsWith('SSH-')));
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => settle(false));
  });
}
