/**
 * `npm run bench`: what a run costs that has nothing to change, beside what `ssh HOST true` costs, over a line of 50 ms
 * to a host booted for it. It prints; only the counts can fail.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { processorTime } from '../lab/control-group.ts';
import type { LabHost } from '../lab/host.ts';
import { startLab } from '../lab/lab.ts';
import { asset } from '../lab/places.ts';
import { type SlowLine, slowLine } from '../lab/slow-line.ts';
import { backupSpeed } from './backup-speed.ts';
import { badHosts } from './bad-hosts.ts';
import { spread, table } from './figures.ts';
import { writeManyTasks } from './many-tasks.ts';
import { type Stage, stagesOf } from './stages.ts';
import { type Timed, timed } from './timed.ts';

const repository = asset('..', '..');
const launcher = join(repository, 'bin', 'heal.js');
const tracer = asset('..', 'bench', 'trace.cjs');

/** After the login, a run with nothing to change asks once, and at most twice more for what answers lead to. */
const roundTripsAtMost = 3;

/** Something that is measured in turn with the others. */
interface Subject {
  readonly name: string;
  readonly aim?: number;
  readonly run: () => Promise<Timed>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '15' },
      delay: { type: 'string', default: '25' },
      tasks: { type: 'string', default: '250' },
      against: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  const directory = mkdtempSync(join(tmpdir(), 'heal-bench-'));
  const lab = await startLab({ hosts: ['bench'], state: 'site' });
  try {
    const host = lab.host('bench');
    const line = await slowLine(lab, host, { delayMs: Number(values.delay) });
    const numbers = { rounds, delay: Number(values.delay), tasks: Number(values.tasks) };
    await measure({
      directory,
      host,
      line,
      ...numbers,
      ...(values.against !== undefined && { against: values.against }),
    });
    line.stop();
  } finally {
    lab.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Bench {
  readonly directory: string;
  readonly host: LabHost;
  readonly line: SlowLine;
  readonly rounds: number;
  readonly delay: number;
  readonly tasks: number;
  /** The `bin/heal.js` of another build, which is measured in turn with this one. */
  readonly against?: string;
}

async function measure(bench: Bench): Promise<void> {
  const { directory, host, line, rounds, delay, tasks, against } = bench;
  const inventory = join(directory, 'inventory');
  writeInventory(inventory, host, line);
  writeManyTasks(directory, tasks);
  const site = [launcher, 'run', 'site', '--project', repository, '-i', inventory];
  const many = [launcher, 'run', 'many', '--project', directory, '-i', inventory];
  const manyBefore = against === undefined ? undefined : [against, ...many.slice(1)];
  const node = process.execPath;

  for (const args of [site, many]) {
    console.log(`bringing the host to what ${args[2]} says ...`);
    await timed(node, args);
  }
  const subjects: Subject[] = [
    { name: 'ssh HOST true', run: () => timed('ssh', sshArgs(host, line, 'true')) },
    { name: 'heal run site (five roles)', aim: 1.5, run: () => timed(node, site) },
    { name: `heal run many (${tasks} tasks)`, aim: 1.6, run: () => timed(node, many) },
    {
      name: 'heal run site, on a terminal',
      run: () => timed('script', ['-qefc', [node, ...site].join(' '), '/dev/null']),
    },
  ];
  const trips = [undefined, roundTripsOf(await timed(node, site)), roundTripsOf(await timed(node, many)), undefined];
  if (manyBefore !== undefined) {
    subjects.push({ name: 'heal run many, the other build', run: () => timed(node, manyBefore) });
    trips.push(roundTripsOf(await timed(node, manyBefore)));
  }
  // Once, so that what is read from disk lies in memory for all of them.
  for (const subject of subjects) await subject.run();
  const times = subjects.map((): number[] => []);
  const loads = [loadavg()[0] ?? 0];
  for (let round = 0; round < rounds; round++) {
    for (const [i, subject] of subjects.entries()) times[i]?.push((await subject.run()).ms);
    loads.push(loadavg()[0] ?? 0);
  }

  const cpu = subjects.map((): number[] => []);
  for (let round = 0; round < 5; round++) {
    for (const [i, subject] of subjects.entries()) {
      const before = processorTime(host.pid);
      await subject.run();
      cpu[i]?.push(processorTime(host.pid) - before);
    }
  }

  const base = spread(times[0] ?? []).median;
  const rows = subjects.map((subject, i) => {
    const { median, lowerQuartile, upperQuartile, least, most } = spread(times[i] ?? []);
    return [
      subject.name,
      median.toFixed(0),
      `${lowerQuartile.toFixed(0)} to ${upperQuartile.toFixed(0)}`,
      `${least.toFixed(0)} to ${most.toFixed(0)}`,
      (median / base).toFixed(2),
      subject.aim?.toFixed(1) ?? '',
      trips[i]?.toFixed(0) ?? '',
      spread(cpu[i] ?? []).median.toFixed(0),
    ];
  });
  console.log(`\nline of ${2 * delay} ms, node ${process.version}, ${rounds} rounds in turn, milliseconds`);
  // ssh waits most of the time, a run computes: on a machine that does other things as well it looks worse than it is.
  const busy = `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
  console.log(`load meanwhile ${busy} on ${availableParallelism()} processors\n`);
  const heads = ['', 'median', 'quartiles', 'range', 'x ssh', 'aim', 'round trips', 'host CPU ms'];
  for (const text of table([heads, ...rows])) console.log(text);

  await breakDown('site', site, bench);
  await breakDown('many', many, bench);
  if (manyBefore !== undefined) await breakDown('many, the other build', manyBefore, bench);
  await backupSpeed({
    directory,
    host,
    rounds: Math.ceil(rounds / 3),
    ssh: (command) => sshArgs(host, line, command),
    heal: (playbook) => [launcher, 'run', playbook, '--project', directory, '-i', inventory],
  });
  await badHosts(directory, launcher, Math.ceil(rounds / 3));
  for (const [i, subject] of subjects.entries()) {
    const count = trips[i];
    if (count === undefined || count <= roundTripsAtMost) continue;
    throw new Error(`${subject.name} took ${count} round trips after the login, more than ${roundTripsAtMost}`);
  }
}

/** Prints where the time of a run goes: medians of each stage over several traced runs. */
async function breakDown(title: string, args: readonly string[], { directory, rounds }: Bench): Promise<void> {
  const trace = join(directory, 'trace.json');
  const runs: Stage[][] = [];
  for (let round = 0; round < rounds; round++) {
    const env = { ...process.env, BENCH_TRACE: trace };
    runs.push(stagesOf(await timed(process.execPath, ['--require', tracer, ...args], env), trace));
  }
  const names = [...new Set(runs.flatMap((stages) => stages.map((stage) => stage.name)))];
  const rows = names.map((name) => {
    const own = runs.flatMap((stages) => stages.filter((stage) => stage.name === name).map((stage) => stage.ms));
    const { median, lowerQuartile, upperQuartile } = spread(own);
    return [name, median.toFixed(1), `${lowerQuartile.toFixed(1)} to ${upperQuartile.toFixed(1)}`];
  });
  const whole = spread(runs.map((stages) => stages.reduce((sum, stage) => sum + stage.ms, 0)));
  console.log(`\nheal run ${title}, where ${whole.median.toFixed(0)} ms go (traced)\n`);
  for (const text of table([['', 'median', 'quartiles'], ...rows])) console.log(text);
}

/** @throws Error where the run changed something or failed */
function roundTripsOf({ stdout }: Timed): number {
  if (!/changed=0 +unreachable=0 +failed=0/.test(stdout)) throw new Error(`there was something to change:\n${stdout}`);
  const trips = /, (\d+) round trips?$/m.exec(stdout)?.[1];
  if (trips === undefined) throw new Error(`the last line tells no round trips:\n${stdout}`);
  return Number(trips);
}

function sshArgs(host: LabHost, line: SlowLine, command: string): string[] {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${host.knownHostsFile}`,
    'IdentitiesOnly=yes',
    'ControlMaster=no',
    'ControlPath=none',
  ];
  const said = options.flatMap((option) => ['-o', option]);
  return ['-F', 'none', '-i', host.identityFile, ...said, `${host.user}@${line.address}`, command];
}

function writeInventory(directory: string, host: LabHost, line: SlowLine): void {
  const vars = {
    address: line.address,
    user: host.user,
    identity_file: host.identityFile,
    known_hosts_file: host.knownHostsFile,
  };
  mkdirSync(directory, { recursive: true });
  const inventory = { all: { children: { vps: { hosts: { [host.name]: vars } } } } };
  writeFileSync(join(directory, 'hosts.yml'), stringify(inventory));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
