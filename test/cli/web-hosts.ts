import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { stringify } from 'yaml';
import { type Files, playOf, type Workplace, workplace, writeFiles } from '../faults/project.ts';
import { type Sshd, startSshd } from '../ssh/sshd.ts';
import type { Transcript } from './built.ts';

/** What differs from `heal run` of a play on the web hosts. */
interface Differences {
  readonly play?: object;
  readonly command?: string;
  readonly args?: readonly string[];
  /** Variables of the balancer. */
  readonly lb?: object;
  readonly files?: Files;
  /** Uses the project of the run before, with these files. */
  readonly again?: boolean;
  /** Called with what heal prints. */
  readonly onOutput?: (text: string) => void;
}

/** Three hosts, which are one machine: `a` and `b` of the group `web`, and the balancer `lb`. */
interface WebHosts {
  /** Runs tasks on the web hosts. */
  readonly run: (tasks: readonly object[], differences?: Differences) => Promise<Transcript>;
  readonly at: (name: string) => string;
  /** A task that appends a line to the trace of its test; $WHERE is the name of the host that it runs on. */
  readonly note: (text: string) => object;
  readonly traced: () => string[];
  /** The number of connections that `b` has accepted. */
  readonly connectionsToB: () => number;
}

/** Registers them for a test file. */
export function webHosts(): WebHosts {
  let place: Workplace;
  let servers: readonly Sshd[] = [];
  let last = '';
  beforeAll(async () => {
    place = workplace();
    servers = await Promise.all(['a', 'b', 'lb'].map((name) => startSshd([`SetEnv WHERE=${name}`])));
  });
  afterAll(() => {
    for (const server of servers) server.stop();
    place?.remove();
  });
  const at = (name: string): string => join(servers[0]?.directory ?? '', name);
  beforeEach(() => rmSync(at('trace'), { force: true }));
  return {
    run: (tasks, { play = {}, command = 'run', args = [], lb = {}, files = {}, again, onOutput } = {}) => {
      const [a, b, c] = servers.map((server, n) => ({ ...server.variables, weight: n + 1 }));
      const children = { web: { hosts: { a, b } }, balancers: { hosts: { lb: { ...c, ...lb } } } };
      const all = {
        'inventory/hosts.yml': stringify({ all: { children } }),
        'tasks/play.yml': playOf(tasks, { hosts: 'web', ...play }),
        ...files,
      };
      if (again === true) writeFiles(last, all);
      else last = place.project(all);
      return place.start(last, [command, 'play', ...args], onOutput).done;
    },
    at,
    note: (text) => ({ shell: `echo ${text} >>${at('trace')}` }),
    traced: () => (existsSync(at('trace')) ? readFileSync(at('trace'), 'utf8').trimEnd().split('\n') : []),
    connectionsToB: () => servers[1]?.connections() ?? 0,
  };
}
