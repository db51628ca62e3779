import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { type Applied, apply, decide, inputOf, type Shell, scratch } from './on-this-machine.ts';

/** The uid of an account that owns the directory that root places files in. */
export const other = 65534;
/** The words that run a program as that account. */
export const asOther = ['setpriv', `--reuid=${other}`, `--regid=${other}`, '--clear-groups'];

/** The tools before which an attack is made: those that change something, with HEAL_TESTS=all each.
 * What busybox does there is the same script with other tools: one of them is tried. */
export function attackedTools(busybox: boolean, all: boolean): (...tools: readonly string[]) => readonly string[] {
  return (...tools) =>
    all ? tools : tools.filter((tool) => (busybox ? /^mv$/ : /^(chown|chmod|mv|ln|tar)$/).test(tool));
}

/** A directory of another account, a file that only root can read, and what attacks and changes them. */
interface OtherAccount {
  /** What is above both: `home` of the other account, `etc` of root. */
  readonly top: string;
  readonly victim: string;
  readonly home: (...names: string[]) => string;
  readonly modeOf: (path: string) => string;
  readonly victimState: () => unknown;
  readonly untouched: unknown;
  readonly left: () => string[];
  readonly withFunctions: (text: string) => Shell;
  readonly attacked: (tools: readonly string[], attack: string) => Shell;
  readonly replace: (names: string) => string;
  /** Applies the first change of a module. */
  readonly first: (one: Shell, module: Module, args: JsonObject, more?: Parameters<typeof inputOf>[0]) => Applied;
}

/** Registers the directories for each test, and returns what is done there under a shell. */
export function otherAccount(shell: Shell): OtherAccount {
  let top = '';
  let victim = '';
  const home = (...names: string[]): string => join(top, 'home', ...names);
  const modeOf = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8).padStart(4, '0');
  const victimState = (): unknown => {
    const { uid, gid } = lstatSync(victim);
    return [readFileSync(victim, 'utf8'), modeOf(victim), uid, gid, readdirSync(join(top, 'etc'))];
  };
  const untouched = ['for root alone', '0600', 0, 0, ['secret']];
  const left = (): string[] => readdirSync(home()).filter((name) => name.startsWith('.heal'));
  beforeEach(() => {
    top = scratch();
    victim = join(top, 'etc/secret');
    mkdirSync(join(top, 'etc'));
    writeFileSync(victim, 'for root alone', { mode: 0o600 });
    mkdirSync(home());
    chownSync(home(), other, other);
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  const withFunctions = (text: string): Shell => ({ ...shell, functions: { kind: 'sh', text, shown: text } });
  /** A shell in which the other account runs `attack` in its directory before each of `tools` runs. */
  function attacked(tools: readonly string[], attack: string): Shell {
    const script = join(top, `attack${readdirSync(top).length}`);
    writeFileSync(
      script,
      `#!/bin/sh\ncd ${home()} && PATH=/usr/bin:/bin exec ${asOther.join(' ')} sh -c '${attack}' >/dev/null 2>&1\n`,
      { mode: 0o755 },
    );
    return withFunctions(tools.map((tool) => `${tool}() { ${script}; command ${tool} "$@"; }\n`).join(''));
  }
  /** Puts a link to the victim, or to the directory that it is in, in the place of each name that fits. */
  const replace = (names: string): string => `
    for one in ${names}; do
      [ -e "$one" ] && [ ! -L "$one" ] || continue
      to=${victim}; [ ! -d "$one" ] || to=${top}/etc
      to_name=$$-\${one##*/}
      mv "$one" "sub/$to_name" || mv "$one" "$to_name" || mv "$one" "$one-$$"; ln -s "$to" "$one"
    done`;
  const first = (one: Shell, module: Module, args: JsonObject, more: Parameters<typeof inputOf>[0] = {}): Applied => {
    const { decision, states } = decide(shell, module, args, inputOf(more));
    const [change] = decision.changes;
    if (change === undefined) throw new Error(`no change: ${decision.failed}`);
    return apply(one, change, states);
  };
  return {
    get top() {
      return top;
    },
    get victim() {
      return victim;
    },
    home,
    modeOf,
    victimState,
    untouched,
    left,
    withFunctions,
    attacked,
    replace,
    first,
  };
}
