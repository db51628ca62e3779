import { createHash } from 'node:crypto';
import { type Account, type Item, type Question, question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { parts, stateOfError } from './trouble.ts';

/** A regular file's bytes. */
export interface FileContent {
  readonly bytes: Buffer;
  /** Hex. */
  readonly sha256: string;
}

interface ContentParams {
  readonly path: string;
  readonly limit: number;
}

/** The bytes of a regular file (links are followed), for a diff or an edit. */
export const contentProbe = defineProbe<ContentParams, FileContent>({
  name: 'content',
  about: 'The bytes of a regular file, up to a limit.',
  cost: 4,
  deadline: 60,
  key: ({ path, limit }) => `${limit} ${path}`,
  scopes: ({ path }) => [`path:${path}`],
  ask: (items) => joinSh(items.map(askOne), '\n'),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    return new Map(
      items.flatMap(({ id, params }): [string, State<FileContent>][] => {
        const stat = said.get(`stat-${id}`)?.toString('utf8').trim();
        if (stat === undefined) return [];
        if (!/^\d+$/.test(stat)) return [[id, stateOfError(stat)]];
        const text = said.get(`base64-${id}`)?.toString('latin1') ?? '';
        const refusal = /^(not a regular file|too large|unreadable)$/m.exec(text)?.[1];
        if (refusal === 'unreadable') return [[id, { kind: 'denied', why: params.path }]];
        if (refusal === 'too large') {
          return [
            [
              id,
              {
                kind: 'unavailable',
                why: `${params.path} has ${stat} bytes, more than the ${params.limit} that are read`,
              },
            ],
          ];
        }
        if (refusal !== undefined) return [[id, { kind: 'unavailable', why: `${params.path} is ${refusal}` }]];
        if (!text.endsWith('.\n')) return [];
        const bytes = Buffer.from(text.slice(0, -2), 'base64');
        return [[id, present({ bytes, sha256: createHash('sha256').update(bytes).digest('hex') })]];
      }),
    );
  },
  guard: ({ path }, state) =>
    state.kind === 'present' ? sh`hashed ${path} ${state.value.sha256}` : sh`[ ! -e ${path} ]`,
});

/** Asks for a regular file's bytes; `limit` is the maximum, in bytes (default 1 MiB). */
export function content(path: string, account: Account = {}, limit = 1024 * 1024): Question<FileContent> {
  return question(contentProbe, { path, limit }, account);
}

// `%s\n.\n` proves that the file was read to its end: base64 contains no dot.
function askOne({ id, params }: Item<ContentParams>): Sh {
  return sh`
    p=${params.path}
    printf '\n%s stat-%s\n' "$N" ${id}
    s=$(stat -L -c %s -- "$p" 2>&1)
    printf '%s\n' "$s"
    printf '\n%s base64-%s\n' "$N" ${id}
    if [ ! -f "$p" ]; then echo 'not a regular file'
    elif [ ! -r "$p" ]; then echo unreadable
    elif [ "$s" -gt ${params.limit} ]; then echo 'too large'
    else base64 <"$p" && printf '.\n'
    fi
  `;
}
