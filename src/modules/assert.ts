import { defineModule } from './definition/define.ts';

/** Fails unless all conditions are true. */
export const assert = defineModule({
  name: 'assert',
  about: 'Fails unless all conditions are true.',
  readonly: true,
  args: {
    properties: {
      that: {
        anyOf: [
          { type: 'string' },
          { type: 'boolean' },
          { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'boolean' }] } },
        ],
        description: 'Conditions, written without {{ }}.',
      },
      fail_msg: { type: 'string', description: 'Message if a condition is false.' },
      success_msg: { type: 'string', description: 'Message if all conditions are true.' },
      quiet: { type: 'boolean', default: false },
    },
    required: ['that'],
  },
  conditions: ['that'],
  examples: [
    { name: 'There is room', args: { that: ['facts.disk.used_percent < 90'], fail_msg: 'the disk is nearly full' } },
  ],
  reads: () => ({}),
  plan: (args, _answers, input) => {
    const wrong = input.conditions.filter(({ holds }) => !holds).map(({ source }) => source);
    const [first] = wrong;
    if (first === undefined)
      return { changes: [], ...(args.success_msg === undefined ? {} : { message: args.success_msg }) };
    return {
      changes: [],
      failed: args.fail_msg ?? `assertion failed: ${wrong.join('; ')}`,
      result: { assertion: first },
    };
  },
});
