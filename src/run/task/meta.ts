import type { Module } from '../../core/module.ts';

/**
 * `meta: ...`, a task that controls the run itself. It asks and changes nothing; `steer` (run-task-list.ts) executes it.
 */
export const meta: Module = {
  name: 'meta',
  about: 'Steers the run: runs the pending handlers now, or ends the play on this host.',
  schema: {
    type: 'object',
    properties: {
      action: { enum: ['flush_handlers', 'end_host', 'end_play', 'noop'] },
    },
    required: ['action'],
    additionalProperties: false,
  },
  shorthand: 'action',
  examples: [{ name: 'Handlers run here', args: 'flush_handlers' }],
  readonly: true,
  locals: () => ({}),
  reads: () => ({}),
  plan: ({ action }) => ({ changes: [], result: { action: action ?? 'noop' } }),
};
