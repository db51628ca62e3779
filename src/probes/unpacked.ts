import { type Account, type Question, question } from '../core/probe.ts';
import { absent, present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { parts, stateOfError } from './trouble.ts';

/** The files that an archive left in a directory, according to the list written when it was unpacked. */
export interface Unpacked {
  /** SHA-256 of the archive, hex. */
  readonly archive: string;
  /** Digest of how it was unpacked (owner, mode, ...). */
  readonly how: string;
  /** Whether each of its files still has its original size and time. */
  readonly intact: boolean;
  /** Not predictable in a plan: absent from predictions. */
  readonly run?: { readonly files: number };
}

interface UnpackedParams {
  readonly directory: string;
  /** Path of the list. */
  readonly list: string;
}

/** Whether the files of an archive in a directory are unchanged; files are compared by size and time, not by content. */
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
        // An unreadable list counts as missing: its archive is unpacked again.
        if (/^[a-z ]+$/.test(stat)) return [[id, absent]];
        return stat === '' ? [] : [[id, stateOfError(stat)]];
      }),
    );
  },
});

/** Asks for the archive that was unpacked in a directory, according to the list at this path. */
export function unpacked(directory: string, list: string, account: Account = {}): Question<Unpacked> {
  return question(unpackedProbe, { directory, list }, account);
}
