import type { Event, TaskDone } from '../../src/core/event.ts';
import type { Module } from '../../src/core/module.ts';
import type { Host, Play } from '../../src/core/playbook.ts';
import { withDefaults } from '../../src/project/schema/schema-check.ts';
import type { RunSettings } from '../../src/run/host/host-run.ts';
import { runPlaybook } from '../../src/run/run.ts';
import { revealed } from '../../src/run/task/revealed.ts';
import { connectHere } from '../../src/ssh/here.ts';
import type { Shell } from '../shell/shells.ts';
import { localConnection } from './local-connection.ts';
import { madeHost } from './made.ts';

/** Test files that run at the same time share this machine's record of pending handlers: each has a project. */
const project = `made-${process.pid}-${Math.random()}`;

/** Runs a play on this very machine under one of the shells, with these modules. */
export async function runMade(
  shell: Pick<Shell, 'command' | 'path'>,
  play: Play,
  modules: ReadonlyMap<string, Module>,
  more: {
    readonly check?: boolean;
    readonly mode?: 'run' | 'verify';
    /** Names of this machine; default `here`. */
    readonly hosts?: readonly Host[];
    /** Called before each program but the first, which asks. */
    readonly beforeProgram?: (text: string) => void | Promise<void>;
    readonly signal?: AbortSignal;
    readonly lock?: RunSettings['lock'];
    readonly recheckPause?: number;
    /** Where the events go, for a run that does not come to its end. */
    readonly events?: Event[];
  } = {},
) {
  const { events = [] } = more;
  let programs: readonly string[] = [];
  const report = await runPlaybook({
    playbook: { name: 'made', plays: [play], secrets: [] },
    hostsOf: () => more.hosts ?? [madeHost],
    bug: (error) => {
      throw error;
    },
    hostNamed: () => undefined,
    loginOf: () => ({}) as never,
    connect: async (_login, first, onFrame) => {
      const connection = await localConnection(shell, first, onFrame);
      programs = connection.programs;
      const { beforeProgram } = more;
      if (beforeProgram === undefined) return connection;
      return {
        ...connection,
        run: async (program, told, signal) => {
          // Not before it is asked for the first time: only between asking and applying.
          if (connection.programs.length > 1) await beforeProgram(program.text);
          await connection.run(program, told, signal);
        },
      };
    },
    connectHere,
    modules,
    forks: 5,
    mode: more.mode ?? 'run',
    selected: () => true,
    check: more.check ?? false,
    deep: false,
    ...(more.recheckPause === undefined ? {} : { recheckPause: more.recheckPause }),
    ...(more.lock === undefined ? {} : { lock: more.lock }),
    signal: more.signal ?? new AbortController().signal,
    emit: (event) => events.push(event),
    now: () => performance.now(),
    project: {
      name: project,
      checkArgs: async ({ module }, args) =>
        withDefaults(
          module.schema,
          revealed(args, () => undefined),
        ),
      checkLocal: async () => undefined,
      load: async () => {
        throw new Error('no local files here');
      },
    },
  });
  const done = events.filter((event): event is TaskDone => event.type === 'task-done');
  return { report, done, events, roundTrips: programs.length - 1 };
}
