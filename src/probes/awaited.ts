import { type Account, type Item, type Question, question } from '../core/probe.ts';
import type { Scope } from '../core/scope.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { parts } from './trouble.ts';

/** A condition to wait for: a port accepts connections, a path exists, a file contains a string; or the opposite. */
export interface Awaited {
  readonly target:
    | { readonly kind: 'port'; readonly host: string; readonly port: number; readonly connectTimeout: number }
    | { readonly kind: 'path'; readonly path: string; readonly search?: string };
  /** False waits until the condition is no longer true. */
  readonly wanted: boolean;
}

/** Whether the condition is met. */
export interface Come {
  readonly come: true;
}

interface Params extends Awaited {
  /** A plan does not wait: a condition that is not met yet is unknown, not absent. */
  readonly planning: boolean;
}

/** Whether the condition is met at this moment. */
export const awaitedProbe = defineProbe<Params, Come>({
  name: 'awaited',
  about: 'Whether a port takes connections, a path exists, or a file contains a string.',
  cost: 15,
  deadline: ({ target }) => (target.kind === 'port' ? target.connectTimeout + 10 : 20),
  together: false,
  key: (params) => JSON.stringify(params),
  scopes: ({ target }) => scopesOf(target),
  ask: (items) => joinSh(items.map(askOne), '\n'),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    return new Map(
      items.flatMap(({ id, params }): [string, State<Come>][] => {
        const code = said.get(`come-${id}`)?.toString('latin1').trim();
        if (code === undefined || !/^\d+$/.test(code)) return [];
        if (code === '0') return [[id, present({ come: true })]];
        if (code === String(noTool)) return [[id, { kind: 'unavailable', why: noToolWords }]];
        const why = 'it has not come yet, and only a run waits for it';
        return [[id, params.planning ? { kind: 'unknown', why } : { kind: 'absent' }]];
      }),
    );
  },
});

/** Asks whether the condition is met. With `planning` the answer is `unknown` if it isn't: a run may still meet it. */
export function awaited(what: Awaited, planning: boolean, account: Account = {}): Question<Come> {
  return question(awaitedProbe, { ...what, planning }, account);
}

/** The scopes that are out of date after the wait: something else than heal has changed the state. */
export function scopesOf(target: Awaited['target']): readonly Scope[] {
  return target.kind === 'path' ? [`path:${target.path}`] : ['ports', 'processes', 'http'];
}

/** Exit code of our own: no tool on the host can check the condition. */
export const noTool = 120;
export const noToolWords = 'the host has no program that can try a port: install curl';

/** Exit code 0 if the condition is met, `noTool` if that cannot be determined. Must run in a subshell. */
export function hasCome({ target, wanted }: Awaited): Sh {
  const there = target.kind === 'path' ? pathText(target) : portText(target);
  return sh`
    (
      ${there}
    ) >/dev/null 2>&1 </dev/null
    case $? in
      0) ${wanted ? sh`:` : sh`(exit 1)`} ;;
      ${noTool}) (exit ${noTool}) ;;
      *) ${wanted ? sh`(exit 1)` : sh`:`} ;;
    esac
  `;
}

function pathText({ path, search }: { readonly path: string; readonly search?: string }): Sh {
  if (search !== undefined) return sh`grep -E -q -e ${search} -- ${path}`;
  return sh`[ -e ${path} ] || [ -L ${path} ]`;
}

/**
 * A real connection, if that is fast: a listening socket proves nothing about a firewall, or about another
 * host. Without bash, it still checks the listening sockets of the host itself.
 */
function portText({ host, port, connectTimeout }: Extract<Awaited['target'], { kind: 'port' }>): Sh {
  const listening = `:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F]*:[0-9A-F]* 0A `;
  return sh`
    t=${connectTimeout}
    if command -v bash; then timeout "$t" bash -c 'exec 3<>"/dev/tcp/$0/$1"' ${host} ${port}
    elif [ ${loopback.has(host) ? 1 : 0} = 1 ]; then cat /proc/net/tcp /proc/net/tcp6 | grep -q ${listening}
    elif command -v nc; then
      # If the other side sends nothing, timeout ends nc: nc was connected then, because otherwise -w ends it earlier.
      timeout "$((t + 2))" nc -w "$t" ${host} ${port}
      case $? in 0 | 124 | 143) ;; *) exit 1 ;; esac
    elif command -v curl; then
      t=$(curl -q -s -o /dev/null -w '%{time_connect}' --max-time "$t" ${`telnet://${bracketed(host)}:${port}`})
      case $t in '' | 0 | 0.0*0) exit 1 ;; esac
    else exit ${noTool}
    fi
  `;
}

const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function askOne({ id, params }: Item<Params>): Sh {
  return sh`
    r=$(
      ${hasCome(params)}
      echo "$?"
    )
    printf '\n%s come-%s\n%s\n' "$N" ${id} "$r"
  `;
}
