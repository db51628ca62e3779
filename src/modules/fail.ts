import { defineModule } from './definition/define.ts';

/** Fails with a message; use it with `when`. */
export const fail = defineModule({
  name: 'fail',
  about: 'Fails with a message; use it with `when`.',
  readonly: true,
  args: { properties: { msg: { type: 'string', default: 'failed as requested from the task' } }, required: [] },
  shorthand: 'msg',
  examples: [{ name: 'The host is a supported one', args: { msg: 'this host is too old' } }],
  reads: () => ({}),
  plan: (args) => ({ changes: [], failed: args.msg, result: { msg: args.msg } }),
});
