import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { port, readConfig } from './config.ts';
import { badConfigCode, behaviour, home, stateDirectory } from './settings.ts';

const unit = 'openclaw-gateway.service';

function unitFile(): string {
  return join(home(), '.config/systemd/user', unit);
}

/** `openclaw gateway install [--force]`: the user unit, word for word as the real 2026.9.6 writes it, enabled and started. */
export function install(force: boolean): number {
  if (existsSync(unitFile()) && !force) {
    console.log('Gateway service already enabled.\nReinstall with: openclaw gateway install --force');
    return 0;
  }
  const refusal = existsSync(unitFile()) ? undefined : firstRefusal();
  if (refusal !== undefined) {
    console.error(
      `Gateway install failed: AggregateError: ${refusal}\nThe previous service definition could not be restored.`,
    );
    return 1;
  }
  const read = readConfig();
  const number = port('config' in read ? read.config : {});
  mkdirSync(dirname(unitFile()), { recursive: true });
  writeFileSync(unitFile(), unitText(number));
  for (const args of [['daemon-reload'], ['enable', unit], ['restart', unit]]) {
    const done = systemctl(args);
    if (done.code !== 0) {
      console.error(`Gateway install failed: Error: systemctl ${args[0]} failed: ${done.said}`);
      return 1;
    }
  }
  console.log(`\nInstalled systemd service: ${unitFile()}`);
  console.log('Gateway service installed. Runtime readiness has not been checked; startup may still be in progress.');
  return 0;
}

/** Why 2026.9.6 does not install a unit that is not there yet; each of these was seen of the real one. */
function firstRefusal(): string | undefined {
  if (behaviour().version === '2026.2.9') return undefined;
  // As 0775 the mask of an ACL is shown. Asked of an installed unit, too, by the real one.
  if ((statSync(stateDirectory()).mode & 0o022) !== 0) {
    return 'SERVICE_DEFINITION_UNKNOWN: [unsafe-permissions] The service state directory is group/world-writable.';
  }
  const dropIns = `${unitFile()}.d`;
  if (
    existsSync('/etc/systemd/system/openclaw-jack.service') ||
    (existsSync(dropIns) && readdirSync(dropIns).length > 0)
  ) {
    return 'Managed service artifacts changed during publication.';
  }
  // A failed unit whose file was removed stays in systemd's memory until it is reset.
  if (!systemctl(['show', unit, '-p', 'ActiveState']).said.includes('ActiveState=failed')) return undefined;
  return 'SERVICE_DEFINITION_UNKNOWN: [inspection-failed] The service definition cannot be safely inspected.';
}

/** `openclaw gateway uninstall`. */
export function uninstall(): number {
  const done = systemctl(['disable', '--now', unit]);
  if (done.code !== 0) {
    console.error(`Gateway uninstall failed: Error: systemctl disable failed: ${done.said}`);
    return 1;
  }
  rmSync(unitFile(), { force: true });
  systemctl(['daemon-reload']);
  console.log(`Stopped systemd service: ${unit}\nRemoved systemd service: ${unitFile()}`);
  return 0;
}

/** `openclaw gateway start|stop|restart`; a stop asks for `--force` where nobody can be asked. */
export function control(verb: 'start' | 'stop' | 'restart', force: boolean): number {
  if (verb === 'stop' && !force) {
    console.error("This stops the operator's running gateway service. Re-run with --force if you really mean it.");
    return 1;
  }
  const done = systemctl([verb, unit]);
  if (done.code === 0) console.log(`${verb === 'stop' ? 'Stopped' : 'Restarted'} systemd service: ${unit}`);
  else console.error(`Gateway ${verb} failed: ${done.said}`);
  return done.code === 0 ? 0 : 1;
}

/** `openclaw gateway status`: 0 whatever it finds. */
export function status(): number {
  const shown = systemctl(['show', unit, '-p', 'ActiveState,SubState,MainPID']).said;
  const property = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(shown)?.[1] ?? 'unknown';
  const enabled = systemctl(['is-enabled', unit]).said.trim() || 'disabled';
  console.log(`Service: systemd user (${enabled})\nService file: ${existsSync(unitFile()) ? unitFile() : 'none'}`);
  if (property('ActiveState') === 'active') {
    console.log(`Runtime: running (pid ${property('MainPID')}, state active, sub ${property('SubState')})`);
  } else console.log('Runtime: stopped');
  return 0;
}

function systemctl(args: string[]): { code: number; said: string } {
  const done = spawnSync('systemctl', ['--user', ...args], { encoding: 'utf8' });
  return { code: done.status ?? 1, said: `${done.stdout}${done.stderr}` };
}

function unitText(number: number): string {
  return `[Unit]
Description=OpenClaw Gateway
After=network-online.target
Wants=network-online.target
StartLimitBurst=10
StartLimitIntervalSec=300

[Service]
ExecStart=/usr/bin/node --max-old-space-size=8192 /usr/lib/node_modules/openclaw/dist/index.js gateway --port ${number}
Restart=always
RestartSec=5
${badConfigCode() === 78 ? 'RestartPreventExitStatus=78\n' : ''}TimeoutStopSec=330
TimeoutStartSec=30
SuccessExitStatus=0 143
OOMPolicy=continue
KillMode=mixed
Environment=HOME=${home()}
Environment=TMPDIR=/tmp
Environment=PATH=/usr/bin:/bin:/usr/local/bin:/root/.local/bin:/root/.npm-global/bin:/root/bin:/root/.nix-profile/bin
Environment=NODE_OPTIONS=
Environment=OPENCLAW_GATEWAY_PORT=${number}
Environment=OPENCLAW_SYSTEMD_UNIT=${unit}
Environment="OPENCLAW_WINDOWS_TASK_NAME=OpenClaw Gateway"
Environment=OPENCLAW_WINDOWS_TASK_HIDDEN_LAUNCHER=1
Environment=OPENCLAW_SERVICE_MARKER=openclaw
Environment=OPENCLAW_SERVICE_KIND=gateway

[Install]
WantedBy=default.target
`;
}
