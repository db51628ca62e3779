import { type Account, type Question, question } from '../core/probe.ts';
import { absent, present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { parts, stateOfError } from './trouble.ts';

/** What an archive left in a directory, by the list that was written when it was unpacked. */
export interface Unpacked {
  /** SHA-256 of the archive, hex. */
  readonly archive: string;
  /** Digest of how it was unpacked (owner, mode, ...). */
  readonly how: string;
  /** Whether each of its files has the size and the time that it had then. */
  readonly intact: boolean;
  /** What no plan can predict: absent from predictions. */
  readonly run?: { readonly files: number };
}

interface UnpackedParams {
  readonly directory: string;
  /** Path of the list. */
  readonly list: string;
}

/** Whether what an archive left in a directory is as it was; files are compared by size and time, not by content. */
export const unpackedProbe = defineProbe<UnpackedParams, Unpacked>({
  name: 'unpacked',
  about: 'Which archive was unpacked in a directory, and whether its files are as they were.',
  cost: 10,
  deadline: 60,
  key: ({ list }) => list,
  scopes: ({ directory }) => [`tree:${directory}`],
  ask: (items) =>
    joinSh(
      items.map(
        ({ id, params }) => sh`
          l=${params.list}
          printf '\n%s stat-%s\n' "$N" ${id}
          stat -c %F -- "$l" 2>&1
          printf '\n%s list-%s\n' "$N" ${id}
          if [ -f "$l" ] && [ ! -L "$l" ] && cd -- ${params.directory}; then
            head -n 1 -- "$l"
            a=$(tail -n +2 -- "$l" | sha256sum)
            b=$(tail -n +2 -- "$l" | cut -d ' ' -f 3- | tr '\n' '\000' | xargs -0 -r stat -c '%s %Y %n' -- 2>/dev/null | sha256sum)
            if [ "$a" = "$b" ]; then echo intact; else echo changed; fi
            tail -n +2 -- "$l" | wc -l
          fi
        `,
      ),
      '\n',
    ),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    return new Map(
      items.flatMap(({ id }): [string, State<Unpacked>][] => {
        const stat = said.get(`stat-${id}`)?.toString('utf8').trim() ?? '';
        const text = said.get(`list-${id}`)?.toString('utf8') ?? '';
        const match = /^heal unarchive ([0-9a-f]{64}) (\w+)\n(intact|changed)\n\s*(\d+)/.exec(text);
        const [, archive = '', how = '', state, files] = match ?? [];
        if (match !== null) {
          return [[id, present({ archive, how, intact: state === 'intact', run: { files: Number(files) } })]];
        }
        // A list that can't be read as one is as good as none: what it is about is unpacked anew.
        if (/^[a-z ]+$/.test(stat)) return [[id, absent]];
        return stat === '' ? [] : [[id, stateOfError(stat)]];
      }),
    );
  },
});

/** Asks what was unpacked in a directory by the list at this path. */
export function unpacked(directory: string, list: string, account: Account = {}): Question<Unpacked> {
  return question(unpackedProbe, { directory, list }, account);
}
