import { defineModule } from './definition/define.ts';

/** Shows a string or a value. */
export const debug = defineModule({
  name: 'debug',
  about: 'Shows a string or a value.',
  readonly: true,
  args: {
    properties: {
      msg: { description: 'String or value to show.' },
      var: { description: 'Value to show, as a whole expression: "{{ facts.os }}".' },
      verbosity: { type: 'integer', minimum: 0, default: 0 },
    },
    required: [],
  },
  shorthand: 'msg',
  examples: [{ name: 'The release is shown', args: { msg: 'release {{ release }}' } }],
  reads: () => ({}),
  plan: (args) => {
    const value = args.msg ?? args.var ?? 'Hello world!';
    const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
    return { changes: [], message: text, result: { msg: text } };
  },
});
