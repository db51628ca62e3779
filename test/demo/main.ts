/**
 * `npm run demo`: heal on a real host that this machine boots for it. Each command is printed as a person would type it,
 * runs as the built command, and is judged by its exit code and its recap; the host is gone at the end, whatever happens.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodes } from '../../src/core/errors.ts';
import { missingCapability } from '../lab/capability.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import type { OpenClaw } from '../lab/program-layers.ts';
import { type Finished, runHeal } from './heal.ts';
import { picture, shortened } from './picture.ts';
import { type Screen, screen } from './screen.ts';
import { type Step, steps } from './steps.ts';

const usage = `npm run demo                          with a stand-in for OpenClaw
npm run demo -- --openclaw real       with OpenClaw itself (600 MB from the npm registry, once)
npm run demo -- --picture FILE.svg    also draw what was printed`;

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      openclaw: { type: 'string', default: 'stand-in' },
      picture: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { openclaw, picture: file } = values;
  if (values.help || (openclaw !== 'stand-in' && openclaw !== 'real')) {
    console.log(usage);
    return values.help ? 0 : 5;
  }
  const lacks = missingCapability();
  if (lacks !== undefined) {
    const must = process.env['CI'] === 'true';
    console.log(`demo ${must ? 'failed' : 'skipped'}: ${lacks}`);
    return must ? 1 : 0;
  }
  const shown = screen(file !== undefined);
  const lab = await boot(openclaw, shown);
  const project = projectOf(lab);
  try {
    const wrong = await play(steps, project, shown);
    if (wrong !== undefined) {
      shown.note(`demo ${wrong.code === signals.SIGINT ? 'stopped' : 'failed'}: ${wrong.text}`);
      return wrong.code;
    }
    if (file !== undefined) drawInto(file, shown.text());
    shown.note('All commands did what they should. The host is taken down now.');
    return 0;
  } finally {
    lab.stop();
    rmSync(project, { recursive: true, force: true });
  }
}

async function boot(openclaw: OpenClaw, shown: Screen): Promise<Lab> {
  shown.note('Booting a host of our own: jack4, Debian 13 with systemd, sshd and Docker. The first time this builds');
  shown.note('its file system from Debian packages, which takes about a minute.');
  const begun = performance.now();
  const lab = await startLab({ hosts: ['jack4'], state: 'site', openclaw });
  const what =
    openclaw === 'real'
      ? 'OpenClaw on it is the real one.'
      : 'OpenClaw on it is a stand-in with the same commands, texts and exit codes.';
  shown.note(`jack4 is up after ${((performance.now() - begun) / 1000).toFixed(1)} s. ${what}`);
  shown.note('Jack runs there, started by hand: nothing would bring him back.');
  return lab;
}

/** A project of its own, as a user has one: an inventory and nothing else, for the role ships with heal. */
function projectOf(lab: Lab): string {
  const project = mkdtempSync(join(tmpdir(), 'heal-demo-'));
  process.once('exit', () => rmSync(project, { recursive: true, force: true }));
  const { name, address, identityFile, knownHostsFile } = lab.host('jack4');
  mkdirSync(join(project, 'inventory'));
  const vars = `address: ${address}, user: root, identity_file: ${identityFile}, known_hosts_file: ${knownHostsFile}`;
  writeFileSync(
    join(project, 'inventory', 'hosts.yml'),
    `all:\n  children:\n    vps:\n      hosts:\n        ${name}: { ${vars} }\n`,
  );
  return project;
}

function drawInto(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, picture(shortened(text)));
}

/** Runs the steps one after the other; what was not as expected, if anything, and the exit code for it. */
async function play(
  list: readonly Step[],
  project: string,
  shown: Screen,
): Promise<{ readonly text: string; readonly code: number } | undefined> {
  for (const step of list) {
    shown.note('');
    shown.note(step.about);
    shown.command(`heal ${step.args.join(' ')}`);
    const done: Finished = await runHeal(step.args, project, shown);
    const line = `\`heal ${step.args.join(' ')}\``;
    if (done.code === exitCodes.interrupted) return { text: `${line} was interrupted`, code: signals.SIGINT };
    const wrong = step.wrong(done);
    if (wrong !== undefined) return { text: `${line} ${wrong}`, code: 1 };
  }
  shown.note('');
  return undefined;
}

// The lab takes itself down at the end of the process, however it comes; its own listener does so at once.
for (const [signal, code] of Object.entries(signals)) process.on(signal, () => process.exit(code));

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
