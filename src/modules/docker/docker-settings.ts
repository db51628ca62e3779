import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../../core/change.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { DockerInfo } from '../../probes/docker-info.ts';
import { sh } from '../../shell/sh.ts';

/** Settings that `kill -HUP` applies (docs.docker.com, dockerd, "configuration reload behavior"; moby, daemon/reload.go). */
const reloaded: ReadonlySet<string> = new Set([
  'allow-nondistributable-artifacts',
  'debug',
  'default-runtime',
  'features',
  'insecure-registries',
  'labels',
  'live-restore',
  'max-concurrent-downloads',
  'max-concurrent-uploads',
  'max-download-attempts',
  'registry-mirrors',
  'runtimes',
  'shutdown-timeout',
]);

/** Those that a reload resets to their default after they were removed from the file. The others keep their value. */
const forgotten: ReadonlySet<string> = new Set([
  'features',
  'max-concurrent-downloads',
  'max-concurrent-uploads',
  'max-download-attempts',
]);

/** Whether only a restart applies a setting. */
export function needsRestart(key: string, value: Json): boolean {
  return value === null ? !forgotten.has(key) : !reloaded.has(key);
}

/** Whether a setting is active; undefined if the engine does not report it. */
export function inForce(key: string, value: Json, info: DockerInfo): boolean | undefined {
  if (value === null) return undefined;
  switch (key) {
    case 'live-restore':
      return info.liveRestore === value;
    case 'debug':
      return info.debug === value;
    case 'log-driver':
      return info.loggingDriver === value;
    case 'storage-driver':
      return info.storageDriver === value;
    case 'labels':
      return isDeepStrictEqual(info.labels, value);
    default:
      return undefined;
  }
}

/** The engine after these settings are applied. */
export function withSettings(settings: JsonObject, keys: readonly string[], info: DockerInfo): DockerInfo {
  const of = (key: string): Json | undefined => (keys.includes(key) ? (settings[key] ?? undefined) : undefined);
  const labels = of('labels');
  const logging = of('log-driver');
  const storage = of('storage-driver');
  return {
    ...info,
    liveRestore: (of('live-restore') ?? info.liveRestore) === true,
    debug: (of('debug') ?? info.debug) === true,
    loggingDriver: typeof logging === 'string' ? logging : info.loggingDriver,
    storageDriver: typeof storage === 'string' ? storage : info.storageDriver,
    labels: Array.isArray(labels) ? labels.map(String) : info.labels,
  };
}

/** Makes Docker read its file again. `alive` means that containers keep running while it restarts. */
export function forceChange(how: 'reload' | 'restart', keys: readonly string[], alive: boolean): Change {
  const note = how === 'reload' ? '' : alive ? ' (containers go on)' : ' (all containers are stopped)';
  const script =
    how === 'reload'
      ? sh`
        if [ -d /run/systemd/system ]; then systemctl reload docker
        else kill -HUP "$(cat /var/run/docker.pid)"
        fi || exit 1
      `
      : sh`
        # Docker's unit allows three starts a minute. A further start would fail and leave Docker stopped.
        systemctl reset-failed docker 2>/dev/null
        if [ -d /run/systemd/system ]; then systemctl restart docker; else service docker restart; fi || {
          journalctl -u docker -n 20 --no-pager -o cat >&2
          exit 1
        }
      `;
  return {
    title: `${how} Docker for ${keys.join(', ')}${note}`,
    sign: '~',
    act: { kind: 'program', script },
    touches:
      how === 'reload'
        ? ['docker-engine']
        : ['docker-engine', 'docker', 'containers', 'unit:system/docker.service', 'processes', 'ports', 'http'],
    // The reload is a signal: Docker reads its file shortly afterwards.
    settles: 10,
  };
}
