import type { Change, Prediction } from '../../core/change.ts';
import { predicts } from '../../core/change.ts';
import type { Answers, Decision, Input } from '../../core/module.ts';
import type { Question } from '../../core/probe.ts';
import { absent, present } from '../../core/state.ts';
import type { FileContent } from '../../probes/content.ts';
import type { Entry } from '../../probes/entry.ts';
import { type Unit, unit } from '../../probes/unit.ts';
import type { User, UserGroup } from '../../probes/user.ts';
import { contentOfText, type PlacedArgs, placedPlan, systemFile } from '../files/placed-file.ts';
import { removedPlan } from '../files/removal.ts';
import { freshUnit } from './new-unit.ts';
import { calendarOf, serviceText, type TimerArgs, timerText } from './timer-text.ts';
import { controlChange, reloadChange, runChange, type Target } from './unit-changes.ts';

/** The questions: both units, and all questions to place their two files. */
export interface TimerReads {
  readonly [name: string]: Question<unknown> | undefined;
  readonly timer: Question<Unit>;
  readonly service: Question<Unit>;
  readonly parent: Question<Entry> | undefined;
  readonly self: Question<User> | undefined;
  readonly owner: Question<User> | undefined;
  readonly group: Question<UserGroup> | undefined;
  readonly timer0: Question<Entry> | undefined;
  readonly timer1: Question<Entry> | undefined;
  readonly timer2: Question<Entry> | undefined;
  readonly timerContent: Question<FileContent> | undefined;
  readonly service0: Question<Entry> | undefined;
  readonly service1: Question<Entry> | undefined;
  readonly service2: Question<Entry> | undefined;
  readonly serviceContent: Question<FileContent> | undefined;
}

type Wanted = TimerArgs & { readonly enabled: boolean; readonly started: boolean };

/** Path of a unit's file. */
export function fileOf(name: string, type: 'timer' | 'service'): string {
  return `/etc/systemd/system/${name}.${type}`;
}

/** How a unit's file is placed. Times that systemd can't read are refused before they are written to it. */
export function placedUnit(args: TimerArgs, type: 'timer' | 'service'): PlacedArgs {
  const times = type === 'timer' ? calendarOf(args) : [];
  return {
    ...systemFile(fileOf(args.name, type)),
    ...(times.length === 0 ? {} : { validate: `systemd-analyze calendar ${times.map((one) => `'${one}'`).join(' ')}` }),
  };
}

/** Both files in their desired state, read by systemd, and the timer enabled and running. */
export function keptTimer(
  args: Wanted,
  answers: Answers<TimerReads>,
  input: Input,
  before: Unit | undefined,
): Decision {
  const target: Target = { unit: `${args.name}.timer`, scope: 'system' };
  const { parent, self, owner, group } = answers;
  const shared = { parent, self, owner, group };
  const service = placedPlan(
    placedUnit(args, 'service'),
    contentOfText(serviceText(args)),
    undefined,
    { ...shared, at0: answers.service0, at1: answers.service1, at2: answers.service2, content: answers.serviceContent },
    input,
  );
  const timer = placedPlan(
    placedUnit(args, 'timer'),
    contentOfText(timerText(args)),
    undefined,
    { ...shared, at0: answers.timer0, at1: answers.timer1, at2: answers.timer2, content: answers.timerContent },
    input,
  );
  for (const { failed, hint } of [service, timer]) {
    if (failed === 'there is no directory /etc/systemd/system') {
      return { changes: [], failed: 'systemd does not run on this host', hint: 'use the cron module' };
    }
    if (failed !== undefined) return { changes: [], failed, ...(hint === undefined ? {} : { hint }) };
  }

  const files = [...service.changes, ...timer.changes];
  const there = answers.timer;
  if (there?.loadState === 'masked') {
    return {
      changes: [],
      failed: `${target.unit} is masked`,
      hint: 'unmask it with a systemd task: masked: false',
    };
  }
  const reads = files.length > 0 || there === undefined || there.needDaemonReload || answers.service?.needDaemonReload;
  const units: Change[] = reads ? [reloadChange('system', [target.unit, `${args.name}.service`])] : [];
  const now = there ?? freshUnit(target.unit, fileOf(args.name, 'timer'), timerText(args));
  const enabled = now.unitFileState === 'enabled';
  if (enabled !== args.enabled) units.push(controlChange(target, args.enabled ? 'enable' : 'disable'));
  const run = runChange(args.started ? 'started' : 'stopped', target, now, before);
  if (run !== undefined && 'failed' in run) return { changes: [], ...run };
  if (run !== undefined) units.push(run);

  const predicted = timerPredicted(now, target, args, input);
  return {
    changes: [...files, ...units.map((change) => ({ ...change, predicts: predicted }))],
    result: { name: target.unit, service: `${args.name}.service` },
  };
}

/** Neither unit, and no file of them. */
export function removedTimer(name: string, answers: Answers<TimerReads>, input: Input): Decision {
  const target: Target = { unit: `${name}.timer`, scope: 'system' };
  const there = answers.timer;
  const changes: Change[] = [];
  const stop = there === undefined ? undefined : runChange('stopped', target, there, undefined);
  if (stop !== undefined && !('failed' in stop)) changes.push(stop);
  if (there?.unitFileState === 'enabled') changes.push(controlChange(target, 'disable'));
  for (const type of ['timer', 'service'] as const) {
    const removed = removedPlan(fileOf(name, type), type === 'timer' ? answers.timer0 : answers.service0, input);
    if (removed.failed !== undefined) return removed;
    changes.push(...removed.changes);
  }
  if (changes.length === 0) return { changes };
  const gone = unit(target.unit, { scope: 'system' }, input.account);
  return {
    changes: [
      ...changes,
      { ...reloadChange('system', [target.unit, `${name}.service`]), predicts: [predicts(gone, absent)] },
    ],
  };
}

function timerPredicted(there: Unit, target: Target, { enabled, started }: Wanted, input: Input): Prediction[] {
  const { run: _run, ...rest } = there;
  const next: Unit = {
    ...rest,
    needDaemonReload: false,
    unitFileState: enabled ? 'enabled' : 'disabled',
    activeState: started ? 'active' : there.activeState === 'failed' ? 'failed' : 'inactive',
  };
  return [predicts(unit(target.unit, { scope: 'system' }, input.account), present(next))];
}
