import type { ConfigFile } from './config-file.ts';
import { configError, type Directive } from './config-line.ts';
import { type Applies, asksForFinalPass, both, hostApplies, type MatchContext, matchApplies } from './config-match.ts';
import { expandTokens } from './config-tokens.ts';

/** The query for the files: the arguments of `ssh [-l USER] [-p PORT] NAME`. */
export interface ConfigQuery {
  readonly name: string;
  readonly user?: string;
  readonly localUser: string;
}

/** The lines that apply to a host, by keyword in lower case. */
export interface Settings {
  /** HostName, its tokens expanded, or the name in the query; in lower case, as OpenSSH uses it. */
  readonly hostName: string;
  /** The first line with this keyword: the first value wins. */
  line(keyword: Keyword): Directive | undefined;
  /** All lines of IdentityFile, in their order: its values accumulate. */
  readonly identityFiles: readonly Directive[];
}

/** The keywords that heal uses. */
const keywords = [
  'hostname',
  'user',
  'port',
  'identityfile',
  'identitiesonly',
  'identityagent',
  'userknownhostsfile',
  'globalknownhostsfile',
  'stricthostkeychecking',
  'connecttimeout',
  'serveraliveinterval',
  'serveralivecountmax',
  'hostkeyalias',
  'hashknownhosts',
  'proxyjump',
  'proxycommand',
  'proxyusefdpass',
  'canonicalizehostname',
] as const;
export type Keyword = (typeof keywords)[number];
const used: ReadonlySet<string> = new Set(keywords);
/** Several values on one line. */
const lists: ReadonlySet<string> = new Set(['userknownhostsfile', 'globalknownhostsfile', 'proxycommand']);

/**
 * Evaluates the files for one host with the rules of ssh_config(5): from top to bottom, the first value of each keyword
 * wins; with `Match final` a second time, with the HostName instead of the name.
 *
 * @throws HealError of kind `usage` for a line that is wrong, or whose block depends on a criterion that heal does not evaluate
 */
export function settingsFor(files: readonly ConfigFile[], query: ConfigQuery): Settings {
  const found = new Map<string, Directive>();
  const identityFiles: Directive[] = [];
  let finalPass = false;

  const hostNameFrom = (name: string): string => {
    const line = found.get('hostname');
    return line === undefined ? name : expandTokens(line.words[0] ?? '', line.at, { h: name });
  };
  const take = (line: Directive, applies: Applies): void => {
    // The first of the two keywords wins (ssh_config(5), ProxyJump).
    const key = line.keyword === 'proxycommand' ? 'proxyjump' : line.keyword;
    if (line.keyword === 'identityfile') {
      if (identityFiles.some((other) => other.words[0] === line.words[0])) return;
    } else if (found.has(key) || (key === 'user' && query.user !== undefined)) return;
    check(line);
    if (applies !== true && applies !== false) {
      throw configError(
        `Match ${applies.criterion} is not supported, and ${line.written} of "${query.name}" depends on it`,
        applies.at,
        'set it in the inventory, or in a Host block above this one',
      );
    }
    if (line.keyword === 'identityfile') identityFiles.push(line);
    else found.set(key, line);
  };
  const walk = (file: ConfigFile, outer: Applies, context: MatchContext): void => {
    let applies = outer;
    for (const line of file) {
      if (line.keyword === 'host') applies = both(outer, hostApplies(line, context));
      else if (line.keyword === 'match') {
        finalPass ||= asksForFinalPass(line);
        applies = both(outer, matchApplies(line, context));
      } else if (line.included !== undefined) for (const inner of line.included) walk(inner, applies, context);
      else if (applies !== false && used.has(line.keyword)) take(line, applies);
    }
  };
  const pass = (name: string, final: boolean): void => {
    const context: MatchContext = {
      name,
      originalName: query.name,
      hostName: () => hostNameFrom(name),
      user: () => query.user ?? found.get('user')?.words[0] ?? query.localUser,
      localUser: query.localUser,
      final,
    };
    for (const file of files) walk(file, true, context);
  };

  pass(query.name, false);
  let hostName = hostNameFrom(query.name).toLowerCase();
  if (finalPass) {
    const known = found.has('hostname');
    pass(hostName, true);
    if (!known) hostName = hostNameFrom(hostName).toLowerCase();
  }
  const proxy = found.get('proxyjump');
  return {
    hostName,
    line: (keyword) => {
      if (keyword === 'proxyjump' || keyword === 'proxycommand') return proxy?.keyword === keyword ? proxy : undefined;
      return found.get(keyword);
    },
    identityFiles,
  };
}

function check(line: Directive): void {
  const hint = `see ${line.written} in ssh_config(5)`;
  if (line.words.length === 0) throw configError(`${line.written} has no value`, line.at, hint);
  if (line.words[0] === '') throw configError(`${line.written} has an empty value`, line.at, hint);
  if (line.words.length > 1 && !lists.has(line.keyword)) {
    throw configError(`${line.written} expects one value`, line.at, 'put quotes around a value with spaces');
  }
}
