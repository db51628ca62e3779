import type { JsonObject } from '../core/json.ts';
import { defineModule } from './definition/define.ts';

/** Sets variables for the rest of the run on that host. */
export const setFact = defineModule({
  name: 'set_fact',
  about: 'Sets variables for the rest of the run on that host.',
  readonly: true,
  args: {
    properties: {
      cacheable: {
        type: 'boolean',
        default: false,
        description: 'Accepted for compatibility with Ansible; has no effect. Facts are not kept after the run.',
      },
    },
    required: [],
  },
  open: true,
  examples: [
    { name: 'The uid of the container is known outside', args: { app_uid: '{{ subuid.stdout }}' } },
    { name: 'The directories are known', args: { app_directories: ['/srv/app', '/var/lib/app'], app_ready: true } },
  ],
  misuse: (args) => {
    const names = Object.keys(args).filter((name) => name !== 'cacheable');
    const wrong = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
    if (wrong !== undefined) return { argument: wrong, message: `"${wrong}" can't be the name of a variable` };
    return names.length === 0 ? { message: 'set_fact needs a variable: NAME: VALUE' } : undefined;
  },
  reads: () => ({}),
  // The engine registers the values under `facts`.
  plan: (args) => ({ changes: [], result: { facts: factsIn(args) } }),
});

function factsIn({ cacheable: _cacheable, ...facts }: { readonly cacheable: boolean }): JsonObject {
  return facts;
}
