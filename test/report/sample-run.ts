import { HealError } from '../../src/core/errors.ts';
import type { Counts, Event, TaskDone, TaskInfo } from '../../src/core/event.ts';
import type { Facts } from '../../src/core/facts.ts';

/** Facts of a Debian host. */
export const facts: Facts = {
  hostname: 'jack4',
  user: 'root',
  uid: 0,
  home: '/root',
  shell: '/bin/bash',
  kernel: 'Linux 6.12.0',
  arch: 'x86_64',
  time: 1_770_000_000,
  boot_id: 'b',
  init: 'systemd',
  os: { id: 'debian', family: 'debian', name: 'Debian GNU/Linux 13 (trixie)', version: '13', codename: 'trixie' },
  memory: { total_mb: 4096, available_mb: 2048 },
  disk: { total_mb: 40_000, available_mb: 20_000, used_percent: 50 },
  cpus: 2,
  systemd: { running: true, version: 257 },
  docker: { present: true, socket: true },
  commands: {},
};

/** Counts, zero where not given. */
export function counts(some: Partial<Counts>): Counts {
  return { ok: 0, changed: 0, unreachable: 0, failed: 0, skipped: 0, rescued: 0, ignored: 0, unknown: 0, ...some };
}

/** A task of the role jack-service. */
export function task(name: string, more: Partial<TaskInfo> = {}): TaskInfo {
  return {
    id: `roles/jack-service/tasks/main.yml#${name}`,
    name,
    module: 'template',
    role: 'jack-service',
    at: { file: 'roles/jack-service/tasks/main.yml', line: 4, column: 3 },
    phase: 'task',
    ...more,
  };
}

/** A task's end on jack4. */
export function done(name: string, more: Partial<TaskDone> = {}, info: Partial<TaskInfo> = {}): TaskDone {
  return { type: 'task-done', host: 'jack4', task: task(name, info), status: 'ok', changes: [], ms: 12, ...more };
}

const unit = 'openclaw-jack.service';

/** A run over three hosts: one changes, one fails, one can't be reached. */
export function sampleRun(check = false): Event[] {
  return [
    { type: 'run-start', playbook: 'site', check, hosts: ['jack4', 'jack5', 'ross'] },
    { type: 'play-start', play: 'Every VPS heals itself', hosts: ['jack4', 'jack5', 'ross'], tasks: 3 },
    { type: 'host-connecting', host: 'jack4' },
    { type: 'host-connecting', host: 'jack5' },
    { type: 'host-connecting', host: 'ross' },
    { type: 'host-connected', host: 'jack4', facts, ms: 210 },
    { type: 'host-connected', host: 'jack5', facts, ms: 230 },
    {
      type: 'host-unreachable',
      host: 'ross',
      error: new HealError('unreachable', 'connect ECONNREFUSED 203.0.113.6:22', {
        hint: 'is sshd running, and is the port right?',
        at: { file: 'inventory/hosts.yml', line: 7, column: 9, text: '        ross: { address: 203.0.113.6 }' },
      }),
    },
    { type: 'host-asking', host: 'jack4', questions: 7 },
    { type: 'host-asking', host: 'jack5', questions: 7 },
    { type: 'task-start', host: 'jack4', task: task('The unit is in place'), titles: ['mode 0600 -> 0644'] },
    done('The unit is in place', {
      status: 'changed',
      changes: [
        { sign: '~', title: 'mode 0600 -> 0644', proven: true },
        {
          sign: '~',
          title: `/etc/systemd/system/${unit}`,
          proven: true,
          diff: { before: '[Service]\nRestart=no\nUser=root\n', after: '[Service]\nRestart=always\nUser=root' },
        },
      ],
    }),
    done('The flags are gone', { status: 'skipped', message: 'when: jack_scope == "user"' }),
    done(
      'Jack runs now and at every boot',
      {
        host: 'jack5',
        status: 'failed',
        message: `wanted ${unit} active\nfound it failed`,
        hint: `see journalctl -u ${unit}`,
        changes: [{ sign: '~', title: `start ${unit}`, proven: true }],
        output: { code: 1, stdout: '', stderr: 'Job failed.\nSee "systemctl status".\n' },
      },
      { module: 'systemd' },
    ),
    done(
      'restart Jack',
      { status: 'changed', changes: [{ sign: '~', title: `restart ${unit}`, proven: true }] },
      {
        phase: 'handler',
        module: 'systemd',
      },
    ),
    done(
      'Something free',
      { status: 'changed', changes: [{ sign: '~', title: 'run true', proven: false }] },
      {
        module: 'command',
        item: 'a',
      },
    ),
    { type: 'warning', host: 'jack4', message: 'the disk is 84% full', hint: 'run the backup playbook' },
    done('Jack answers', {}, { phase: 'verify', module: 'uri' }),
    { type: 'host-done', host: 'jack4', roundTrips: 4, ms: 1900 },
    { type: 'host-done', host: 'jack5', roundTrips: 3, ms: 1700 },
    {
      type: 'run-end',
      report: {
        jack4: counts({ ok: 4, changed: 3, skipped: 1, unknown: check ? 2 : 0 }),
        jack5: counts({ ok: 1, failed: 1 }),
        ross: counts({ unreachable: 1 }),
      },
      roundTrips: 7,
      ms: 2_430,
    },
  ];
}
