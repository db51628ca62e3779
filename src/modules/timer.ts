import type { Answers } from '../core/module.ts';
import type { Question } from '../core/probe.ts';
import { type Entry, entry } from '../probes/entry.ts';
import { unit } from '../probes/unit.ts';
import { defineModule } from './define.ts';
import { contentOfText, placedReads } from './placed-file.ts';
import { absolutePath, unitName } from './schemas.ts';
import { fileOf, keptTimer, placedUnit, removedTimer, type TimerReads } from './timer-changes.ts';
import { calendarOf, serviceText, timerText } from './timer-text.ts';

const span = { type: 'string', pattern: '^[0-9][0-9a-zA-Z. ]*$' } as const;
const calendar = { type: 'string', pattern: '^[^\\n\'"\\\\%]+$' } as const;

/** Keeps a systemd timer with the service that it starts: a command, at times or after a while. */
export const timer = defineModule({
  name: 'timer',
  about: 'Keeps a systemd timer with the service that it starts: a command, at times or after a while.',
  args: {
    properties: {
      name: {
        type: 'string',
        pattern: '^[A-Za-z0-9_][A-Za-z0-9:_.-]*$',
        description: 'Name of both units, without .timer and .service; their files lie in /etc/systemd/system.',
      },
      command: {
        type: 'string',
        pattern: '^/',
        description: 'Program, by its absolute path, and words; quotes hold words together, and no shell reads them.',
      },
      script: { type: 'string', minLength: 1, description: 'Text for sh, in place of a command.' },
      description: { type: 'string', pattern: '^[^\\n]*$', description: 'What it is for. Default: its name.' },
      on_calendar: {
        anyOf: [calendar, { type: 'array', items: calendar, minItems: 1 }],
        description: 'When, by the clock, as in systemd.time(7): "daily", "*-*-* 04:00", or several.',
      },
      on_boot: { ...span, description: 'How long after the boot: 2min.' },
      on_unit_active: {
        ...span,
        description: 'How long after the last start: 30s. The first is after as long a while.',
      },
      accuracy: {
        ...span,
        description: "How late it may be. systemd's default is 1min: give 1s for what counts in seconds.",
      },
      randomized_delay: { ...span, description: 'Up to how much later, by chance.' },
      persistent: {
        type: 'boolean',
        default: false,
        description: 'Make up for a time by the clock that passed while the host was down.',
      },
      user: {
        type: 'string',
        pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*$',
        description: 'Account that it runs as. Default: root.',
      },
      working_directory: { ...absolutePath, pattern: '^/[^\\n]*$', description: 'Folder that it runs in.' },
      environment: {
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Variables for it. Everybody on the host can read them: secrets belong in a file.',
      },
      timeout: { ...span, description: 'How long a run may take. Default: for ever.' },
      after: {
        type: 'array',
        items: unitName,
        description: 'Units that have to be up before, where they are starting.',
      },
      enabled: { type: 'boolean', default: true, description: 'Whether the timer starts at boot.' },
      started: { type: 'boolean', default: true, description: 'Whether the timer runs now.' },
      state: { enum: ['present', 'absent'], default: 'present' },
    },
    required: ['name'],
  },
  examples: [
    {
      name: 'The app is looked at every half minute',
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
