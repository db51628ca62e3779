import type { Answers } from '../core/module.ts';
import type { Question } from '../core/probe.ts';
import { type Entry, entry } from '../probes/entry.ts';
import { unit } from '../probes/unit.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath, unitName } from './definition/schemas.ts';
import { contentOfText, placedReads } from './files/placed-file.ts';
import { fileOf, keptTimer, placedUnit, removedTimer, type TimerReads } from './systemd/timer-changes.ts';
import { calendarOf, serviceText, timerText } from './systemd/timer-text.ts';

const span = { type: 'string', pattern: '^[0-9][0-9a-zA-Z. ]*$' } as const;
const calendar = { type: 'string', pattern: '^[^\\n\'"\\\\%]+$' } as const;

/** Manages a systemd timer and the service that it starts. */
export const timer = defineModule({
  name: 'timer',
  about: 'Manages a systemd timer and the service that it starts.',
  args: {
    properties: {
      name: {
        type: 'string',
        pattern: '^[A-Za-z0-9_][A-Za-z0-9:_.-]*$',
        description: 'Name of both units, without .timer and .service. Their files are in /etc/systemd/system.',
      },
      command: {
        type: 'string',
        pattern: '^/',
        description:
          'Absolute path of the program, and its arguments; use quotes around arguments with spaces. It is run without a shell.',
      },
      script: { type: 'string', minLength: 1, description: 'Script for sh, instead of `command`.' },
      description: {
        type: 'string',
        pattern: '^[^\\n]*$',
        description: 'Description of the units. Default: the name.',
      },
      on_calendar: {
        anyOf: [calendar, { type: 'array', items: calendar, minItems: 1 }],
        description: 'Times as in systemd.time(7) (`OnCalendar`): "daily", "*-*-* 04:00", or a list.',
      },
      on_boot: { ...span, description: 'Interval after the boot (`OnBootSec`), e.g. 2min.' },
      on_unit_active: {
        ...span,
        description:
          'Interval after the last start (`OnUnitActiveSec`), e.g. `30s`. Without `on_boot` and `on_calendar`, the first start comes one interval after the timer was started (`OnActiveSec`).',
      },
      accuracy: {
        ...span,
        description: 'Maximum delay of a start (`AccuracySec`). Default of systemd: 1min.',
      },
      randomized_delay: { ...span, description: 'Maximum random delay of each start (`RandomizedDelaySec`).' },
      persistent: {
        type: 'boolean',
        default: false,
        description:
          'If an `on_calendar` time passed while the host was down, run the service once as soon as the timer is started again (`Persistent=`).',
      },
      user: {
        type: 'string',
        pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*$',
        description: 'User of the service. Default: root.',
      },
      working_directory: { ...absolutePath, pattern: '^/[^\\n]*$', description: 'Working directory of the service.' },
      environment: {
        type: 'object',
        additionalProperties: { type: 'string' },
        description:
          'Environment variables of the service. All accounts of the host can read them; put secrets in a file.',
      },
      timeout: { ...span, description: 'Maximum run time of the service. Default: no limit.' },
      after: {
        type: 'array',
        items: unitName,
        description:
          'Units to order this service after (`After=`): if they are being started at the same time, it waits for them. It does not start them.',
      },
      enabled: { type: 'boolean', default: true, description: 'Whether the timer starts at boot.' },
      started: { type: 'boolean', default: true, description: 'Whether the timer is active.' },
      state: { enum: ['present', 'absent'], default: 'present' },
    },
    required: ['name'],
  },
  examples: [
    {
      name: 'The app is checked every half minute',
      args: { name: 'app-health', command: '/usr/local/sbin/app-health', on_unit_active: '30s', accuracy: '1s' },
    },
    {
      name: 'Old drafts go at night',
      args: {
        name: 'app-drafts',
        script: 'find /srv/app/drafts -type f -mtime +7 -delete',
        on_calendar: '*-*-* 04:15',
        persistent: true,
        user: 'app',
      },
    },
  ],
  misuse: (args) => {
    if (args.state === 'absent') return undefined;
    if ((args.command === undefined) === (args.script === undefined)) {
      return { message: 'timer needs either command or script' };
    }
    if (calendarOf(args).length === 0 && args.on_boot === undefined && args.on_unit_active === undefined) {
      return { message: 'timer needs a time: on_calendar, on_boot or on_unit_active' };
    }
    return undefined;
  },
  reads: (args, look, input): TimerReads => {
    const { account } = input;
    const units = {
      timer: unit(`${args.name}.timer`, { scope: 'system' }, account),
      service: unit(`${args.name}.service`, { scope: 'system' }, account),
    };
    if (args.state === 'absent') {
      const at = (type: 'timer' | 'service'): Question<Entry> => entry(fileOf(args.name, type), {}, account);
      return { ...nothing, ...units, timer0: at('timer'), service0: at('service') };
    }
    const t = placedReads(placedUnit(args, 'timer'), contentOfText(timerText(args)), undefined, look, input);
    const s = placedReads(placedUnit(args, 'service'), contentOfText(serviceText(args)), undefined, look, input);
    return {
      ...units,
      parent: t.parent,
      self: t.self,
      owner: t.owner,
      group: t.group,
      timer0: t['at0'],
      timer1: t['at1'],
      timer2: t['at2'],
      timerContent: t.content,
      service0: s['at0'],
      service1: s['at1'],
      service2: s['at2'],
      serviceContent: s.content,
    };
  },
  plan: (args, answers: Answers<TimerReads>, input, before) =>
    args.state === 'absent' ? removedTimer(args.name, answers, input) : keptTimer(args, answers, input, before?.timer),
});

const nothing = {
  parent: undefined, self: undefined, owner: undefined, group: undefined, timer1: undefined, timer2: undefined,
  timerContent: undefined, service1: undefined, service2: undefined, serviceContent: undefined,
}; // biome-ignore format: a table
