import { sh } from '../shell/sh.ts';
import { defineModule } from './definition/define.ts';

/** Waits before the next task. */
export const pause = defineModule({
  name: 'pause',
  about: 'Waits before the next task.',
  readonly: true,
  args: {
    properties: {
      seconds: { type: 'integer', minimum: 0, description: 'Seconds to wait.' },
      minutes: { type: 'integer', minimum: 0, description: 'Minutes to wait.' },
    },
    required: [],
  },
  shorthand: 'seconds',
  examples: [
    { name: 'The others have noticed', args: { seconds: 5 } },
    { name: 'The night is over', args: { minutes: 90 } },
  ],
  misuse: ({ seconds, minutes }) =>
    (seconds === undefined) === (minutes === undefined)
      ? { message: 'pause needs either seconds or minutes' }
      : undefined,
  reads: () => ({}),
  plan: (args, _answers, input, before) => {
    const seconds = args.seconds ?? 60 * (args.minutes ?? 0);
    if (input.checkMode) return { changes: [], message: `a run waits here for ${seconds} s` };
    if (before !== undefined || seconds === 0) return [];
    return [
      {
        title: `wait for ${seconds} s`,
        sign: '~',
        act: { kind: 'program', script: sh`sleep ${seconds}` },
        touches: [],
        proven: false,
      },
    ];
  },
});
