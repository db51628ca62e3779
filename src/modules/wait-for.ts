import { posix } from 'node:path';
import { predicts } from '../core/change.ts';
import type { Input } from '../core/module.ts';
import type { Sh } from '../core/sh.ts';
import { present } from '../core/state.ts';
import { type Awaited, awaited, hasCome, noTool, noToolWords, scopesOf } from '../probes/awaited.ts';
import { sh } from '../shell/sh.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath, port } from './definition/schemas.ts';

/** Waits on the host until a port accepts connections, a path exists or a file contains a line, or for the opposite. */
export const waitFor = defineModule({
  name: 'wait_for',
  about:
    'Waits on the host until a port accepts connections, a path exists, or a file contains a matching line; with `state: stopped` or `absent`, until that is no longer true.',
  readonly: true,
  args: {
    properties: {
      port,
      host: {
        type: 'string',
        pattern: '^[^\\s/]+$',
        default: '127.0.0.1',
        description: 'Host name or address of the port, as seen from the host.',
      },
      path: { ...absolutePath, description: 'Path to wait for, instead of a port.' },
      search_regex: {
        type: 'string',
        minLength: 1,
        description: 'Extended regular expression (grep -E) that a line of the file must match.',
      },
      state: {
        enum: ['started', 'present', 'stopped', 'absent'],
        default: 'started',
        description: '`started` and `present` mean the same, and so do `stopped` and `absent`.',
      },
      timeout: { type: 'integer', minimum: 0, default: 300, description: 'Timeout in seconds.' },
      delay: {
        type: 'integer',
        minimum: 0,
        default: 0,
        description: 'Seconds to wait before polling starts, if the condition is not already met in the first check.',
      },
      sleep: { type: 'integer', minimum: 1, default: 1, description: 'Seconds between two checks.' },
      connect_timeout: {
        type: 'integer',
        minimum: 1,
        default: 5,
        description: 'Timeout of one connection attempt, in seconds.',
      },
      msg: { type: 'string', pattern: '^[^\\n]*$', description: 'Message if the timeout expires.' },
    },
    required: [],
  },
  examples: [
    { name: 'The app takes connections', args: { port: 8080, timeout: 60 } },
    {
      name: 'The app has said that it is ready',
      args: { path: '/var/log/app.log', search_regex: 'ready after [0-9]+ ms' },
    },
  ],
  misuse: (args) => {
    if ((args.port === undefined) === (args.path === undefined))
      return { message: 'wait_for needs either port or path' };
    if (args.search_regex !== undefined && args.path === undefined) {
      return { argument: 'search_regex', message: 'search_regex looks into a file: give its path' };
    }
    return undefined;
  },
  reads: (args, _look, input) => ({ come: awaited(wantedOf(args), input.checkMode, input.account) }),
  plan: (args, { come }, input: Input) => {
    if (come !== undefined) return [];
    const what = wantedOf(args);
    const words = wordsOf(what);
    return [
      {
        title: `wait until ${words}`,
        sign: '~',
        act: {
          kind: 'program',
          script: waiting(what, args, args.msg ?? `it did not come about in ${args.timeout} s: ${words}`),
        },
        predicts: [predicts(awaited(what, input.checkMode, input.account), present({ come: true }))],
        touches: scopesOf(what.target),
      },
    ];
  },
});

interface Given {
  readonly port?: number;
  readonly host: string;
  readonly path?: string;
  readonly search_regex?: string;
  readonly state: string;
  readonly connect_timeout: number;
}

function wantedOf(args: Given): Awaited {
  const wanted = args.state === 'started' || args.state === 'present';
  if (args.path !== undefined) {
    const search = args.search_regex === undefined ? {} : { search: args.search_regex };
    return { target: { kind: 'path', path: posix.normalize(args.path), ...search }, wanted };
  }
  const { host, connect_timeout: connectTimeout } = args;
  return { target: { kind: 'port', host, port: args.port ?? 0, connectTimeout }, wanted };
}

function wordsOf({ target, wanted }: Awaited): string {
  if (target.kind === 'port') {
    return `port ${target.port} of ${target.host} takes ${wanted ? '' : 'no '}connections${wanted ? '' : ' any more'}`;
  }
  if (target.search !== undefined) return `${target.path} ${wanted ? 'has' : 'has no'} line with ${target.search}`;
  return `${target.path} is ${wanted ? 'there' : 'gone'}`;
}

function waiting(
  what: Awaited,
  { timeout, delay, sleep }: { readonly timeout: number; readonly delay: number; readonly sleep: number },
  words: string,
): Sh {
  return sh`
    timeout=${timeout}
    end=$(($(date +%s) + timeout))
    sleep ${delay}
    while :; do
      ${hasCome(what)}
      case $? in 0) exit 0 ;; ${noTool}) die ${noToolWords} ;; esac
      [ "$(date +%s)" -lt "$end" ] || die ${words}
      sleep ${sleep}
    done
  `;
}
