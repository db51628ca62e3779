import type { Place } from '../../core/place.ts';
import { configError, type Directive } from './config-line.ts';
import { matchesList } from './pattern.ts';

/** The values that `Host` and `Match` are compared with. */
export interface MatchContext {
  /** The name that `Host` matches: as typed, or the HostName in the final pass. */
  readonly name: string;
  /** As typed. */
  readonly originalName: string;
  /** HostName as known so far. */
  readonly hostName: () => string;
  readonly user: () => string;
  readonly localUser: string;
  readonly final: boolean;
}

/** A criterion that heal does not evaluate: whether its block applies is unknown. */
export interface Unevaluated {
  readonly criterion: string;
  readonly at: Place;
}

/** Whether a block applies. */
export type Applies = boolean | Unevaluated;

/** Combines the block that contains an `Include` with a block of an included file. */
export function both(outer: Applies, inner: Applies): Applies {
  if (outer === false || inner === false) return false;
  return outer === true ? inner : outer;
}

/** `Host PATTERN...`: ssh_config(5). */
export function hostApplies(line: Directive, context: MatchContext): boolean {
  if (line.words.length === 0 || line.words.includes('')) {
    throw configError('Host names no pattern', line.at, 'write Host * for all hosts');
  }
  return matchesList(line.words, context.name);
}

/** Criteria of `Match` that expect an argument, and those that heal does not evaluate. */
const evaluated: Readonly<Record<string, (context: MatchContext) => string>> = {
  host: (context) => context.hostName().toLowerCase(),
  originalhost: (context) => context.originalName.toLowerCase(),
  user: (context) => context.user(),
  localuser: (context) => context.localUser,
};
const unevaluated = ['exec', 'localnetwork', 'tagged', 'command', 'sessiontype', 'version'];

/**
 * `Match CRITERION...`: ssh_config(5). All criteria must be true. `exec` is never run: reading a config must not start
 * programs, and it would be run once for each host of an inventory.
 */
export function matchApplies(line: Directive, context: MatchContext): Applies {
  const words = line.words.flatMap(splitAtEquals);
  const hint = 'see Match in ssh_config(5)';
  if (words.length === 0) throw configError('Match has no criterion', line.at, hint);
  let applies: Applies = true;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const negated = word.startsWith('!');
    const criterion = word.slice(negated ? 1 : 0).toLowerCase();
    let holds: boolean;
    if (criterion === 'all') {
      if (i > 1 || i < words.length - 1) throw configError('Match all must be the only criterion', line.at, hint);
      holds = true;
    } else if (criterion === 'final' || criterion === 'canonical') holds = context.final;
    else {
      const argument = words[++i];
      if (argument === undefined) throw configError(`Match ${word} has no argument`, line.at, hint);
      const compared = Object.hasOwn(evaluated, criterion) ? evaluated[criterion] : undefined;
      if (compared === undefined) {
        if (!unevaluated.includes(criterion)) throw configError(`Match has no criterion ${word}`, line.at, hint);
        applies = both(applies, { criterion, at: line.at });
        continue;
      }
      const patterns = criterion.endsWith('host') ? argument.toLowerCase() : argument;
      holds = matchesList(patterns.split(','), compared(context));
    }
    applies = both(applies, holds !== negated);
  }
  return applies;
}

/** Whether a `Match` requests the final pass, in which the whole config is read again with the HostName. */
export function asksForFinalPass(line: Directive): boolean {
  return line.words.some((word) => /^!?final$/i.test(word));
}

function splitAtEquals(word: string): readonly string[] {
  const [, name, value] = /^(!?[a-z]+)=(.*)$/i.exec(word) ?? [];
  return name === undefined || value === undefined ? [word] : [name, value];
}
