import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { access, inventoryDirectory, standingHosts, writeInventory } from './inventory.ts';
import { startLab } from './lab.ts';
import type { HostWish } from './outfit.ts';
import type { OpenClaw } from './program-layers.ts';
import { isStale, readRecords } from './record.ts';
import type { Flavour } from './root-image.ts';
import { takeDown } from './take-down.ts';

const usage = `npm run lab -- up [N]        boot N hosts (1): jack4, jack5, ... and leave them running
    --bare                     systemd and sshd only, without Docker, bots and OpenClaw
    --no-bots                  a site without John and Ross
    --openclaw stand-in|real|none
    --jack by-hand|stopped     whether Jack runs already (by-hand)
    --flavour trixie|bookworm
    --internet                 the hosts may reach the package mirror
npm run lab -- list            what runs
npm run lab -- ssh NAME [COMMAND...]
npm run lab -- down            take down all that \`up\` left running`;

async function main(argv: string[]): Promise<number> {
  // What follows a host's name is the host's.
  if (argv[0] === 'ssh') return ssh(argv[1], argv.slice(2));
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      bare: { type: 'boolean', default: false },
      'no-bots': { type: 'boolean', default: false },
      openclaw: { type: 'string' },
      jack: { type: 'string' },
      flavour: { type: 'string' },
      internet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [command, count] = positionals;
  if (values.help) return say(usage, 0);
  if (command === 'list') return list();
  if (command === 'down') return down();
  if (command !== 'up' || !/^\d*$/.test(count ?? '')) return say(usage, 5);
  const wish: Omit<HostWish, 'name'> = {
    state: values.bare ? 'bare' : 'site',
    bots: !values['no-bots'] && values.flavour !== 'bookworm',
    ...(values.openclaw === undefined
      ? {}
      : { openclaw: oneOf<OpenClaw>(values.openclaw, 'stand-in', 'real', 'none') }),
    ...(values.jack === undefined ? {} : { jack: oneOf<'by-hand' | 'stopped'>(values.jack, 'by-hand', 'stopped') }),
    ...(values.flavour === undefined ? {} : { flavour: oneOf<Flavour>(values.flavour, 'trixie', 'bookworm') }),
  };
  return await up(Number(count || 1), wish, values.internet);
}

async function up(count: number, wish: Omit<HostWish, 'name'>, internet: boolean): Promise<number> {
  const taken = new Set(standingHosts().map(({ host }) => host.name));
  const names: string[] = [];
  for (let number = 4; names.length < count; number++) if (!taken.has(`jack${number}`)) names.push(`jack${number}`);
  await startLab({ ...wish, hosts: names, internet, detached: true });
  return say(`${writeInventory()}\nheal run site -i ${inventoryDirectory} --limit ${names[0]}`, 0);
}

function down(): number {
  for (const record of readRecords()) if (record.owner === undefined || isStale(record)) takeDown(record);
  writeInventory();
  return 0;
}

function list(): number {
  for (const record of readRecords()) {
    const owner = isStale(record)
      ? 'left over'
      : record.owner === undefined
        ? 'standing'
        : `of process ${record.owner.pid}`;
    for (const host of record.hosts)
      console.log(`${record.id}  ${host.name.padEnd(12)} ${host.address.padEnd(14)} ${owner}`);
  }
  return 0;
}

function ssh(name: string | undefined, command: readonly string[]): number {
  const standing = standingHosts().find(({ host }) => host.name === name);
  if (standing === undefined) return say(`no host ${name ?? ''} stands; npm run lab -- list`, 5);
  const { address, identity_file, known_hosts_file } = access(standing);
  const options = [
    '-i',
    identity_file,
    '-o',
    `UserKnownHostsFile=${known_hosts_file}`,
    '-o',
    'StrictHostKeyChecking=yes',
  ];
  return spawnSync('ssh', [...options, `root@${address}`, ...command], { stdio: 'inherit' }).status ?? 1;
}

function oneOf<T extends string>(value: string, ...known: T[]): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw new Error(`"${value}" is none of ${known.join(', ')}`);
  return found;
}

function say(text: string, code: number): number {
  console.log(text);
  return code;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
