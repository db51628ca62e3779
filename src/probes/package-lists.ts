import { type Account, type Question, question } from '../core/probe.ts';
import { absent, present } from '../core/state.ts';
import { sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';

/** The lists of packages that apt knows. */
export interface PackageLists {
  /** Not predictable in a plan: absent from predictions. Seconds since they were fetched, according to the host's clock. */
  readonly stamp?: { readonly age: number };
}

/**
 * The age of apt's lists. The code that fetches them sets the directory's time, because apt does not if nothing is
 * new.
 */
export const packageListsProbe = defineProbe<Record<string, never>, PackageLists>({
  name: 'package-lists',
  about: "How old apt's lists of packages are.",
  cost: 2,
  deadline: 10,
  key: () => '',
  scopes: () => ['package-lists'],
  ask: () => sh`
    t=$(stat -c %Y /var/lib/apt/lists 2>/dev/null)
    # If there is no list, none were ever fetched.
    if ls /var/lib/apt/lists/*_* >/dev/null 2>&1; then echo "age $(($(date +%s) - t))"; fi
    echo end
  `,
  parse: ({ output }, items) => {
    const text = output.toString('latin1');
    if (!text.includes('end\n')) return new Map();
    const age = /^age (-?\d+)$/m.exec(text)?.[1];
    return new Map(
      items.map(({ id }) => [id, age === undefined ? absent : present({ stamp: { age: Math.max(0, Number(age)) } })]),
    );
  },
});

/** Asks for the age of apt's lists; absent if they were never fetched. */
export function packageLists(account: Account = {}): Question<PackageLists> {
  return question(packageListsProbe, {}, account);
}
