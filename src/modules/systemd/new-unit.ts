import { posix } from 'node:path';
import type { Content, Prediction } from '../../core/change.ts';
import { predicts } from '../../core/change.ts';
import type { Input } from '../../core/module.ts';
import { present } from '../../core/state.ts';
import { type Unit, unit } from '../../probes/unit.ts';
import { milliseconds } from '../../probes/unit-state.ts';

/** Directory of the local unit files of the system manager. */
const directory = '/etc/systemd/system';

/**
 * The prediction for a unit whose file is created: systemd knows it, disabled and inactive, so that a plan can
 * show what must be changed. It is valid only if no unit of that name existed, from another directory.
 */
export function newUnit(path: string, content: Content, input: Input): Prediction[] {
  const name = posix.basename(path);
  if (posix.dirname(path) !== directory || !/\.(service|path|timer|socket)$/.test(name) || name.includes('@'))
    return [];
  if (content.bytes === undefined) return [];
  const state = present(freshUnit(name, path, content.bytes.toString('utf8')));
  return [{ ...predicts(unit(name, { scope: 'system' }, input.account), state), where: 'absent' }];
}

/** A unit right after systemd read its file for the first time. */
export function freshUnit(id: string, path: string, text: string): Unit {
  const isService = id.endsWith('.service');
  const set = (key: string): string | undefined =>
    [...text.matchAll(new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*(.*?)[ \\t]*$`, 'gm'))].at(-1)?.[1];
  /** A time in a unit file, where a plain number means seconds, or the default if none is set; in milliseconds. */
  const time = (key: string, otherwise: number): number | undefined => {
    const written = set(key);
    if (written === undefined) return otherwise;
    return /^\d+(\.\d+)?$/.test(written) ? Number(written) * 1000 : milliseconds(written);
  };
  // systemd's defaults (systemd-system.conf(5)): DefaultRestartSec and DefaultStartLimitIntervalSec.
  const restartMs = isService ? time('RestartSec', 100) : undefined;
  const startLimitIntervalMs = time('StartLimitIntervalSec', 10_000);
  return {
    id,
    names: [id],
    loadState: 'loaded',
    activeState: 'inactive',
    unitFileState: /^\s*\[Install\]\s*$/m.test(text) ? 'disabled' : 'static',
    fragmentPath: path,
    dropInPaths: [],
    needDaemonReload: false,
    canReload: isService && set('ExecReload') !== undefined,
    type: isService ? (set('Type') ?? 'simple') : '',
    remainAfterExit: set('RemainAfterExit') === 'yes',
    restart: isService ? (set('Restart') ?? 'no') : '',
    ...(restartMs === undefined ? {} : { restartMs }),
    startLimitBurst: Number(set('StartLimitBurst') ?? 5),
    ...(startLimitIntervalMs === undefined ? {} : { startLimitIntervalMs }),
  };
}
