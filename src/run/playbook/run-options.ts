import type { Connect, Connection, Frame, Login } from '../../core/connection.ts';
import type { HealError } from '../../core/errors.ts';
import type { Module } from '../../core/module.ts';
import type { Host, Play, Playbook, Task } from '../../core/playbook.ts';
import type { Sh } from '../../core/sh.ts';
import type { RunSettings } from '../host/host-run.ts';

/** All options of a run. */
export interface RunOptions extends RunSettings {
  readonly playbook: Playbook;
  /** Hosts of a play after `--limit`, in inventory order. */
  readonly hostsOf: (play: Play) => readonly Host[];
  /** A host of the inventory, also one that is in no play; undefined if there is none with this name. */
  readonly hostNamed: (name: string) => Host | undefined;
  readonly loginOf: (host: Host, play: Play) => Login;
  readonly connect: Connect;
  /** A Connection to the control node itself, for tasks that are delegated to it. */
  readonly connectHere: (first: Sh, onFrame: (frame: Frame) => void, signal: AbortSignal) => Promise<Connection>;
  readonly modules: ReadonlyMap<string, Module>;
  /** Number of hosts in parallel. */
  readonly forks: number;
  /** `run` applies the tasks to hosts; `verify` only checks; `drill` breaks on purpose; `status`
   * asks the score card. */
  readonly mode: 'run' | 'verify' | 'drill' | 'status';
  /** Records a bug of heal that occurred on one host, and returns the error that the host fails with. */
  readonly bug: (error: unknown) => HealError;
  /** Whether `--tags` and `--skip-tags` select a task. */
  readonly selected: (task: Pick<Task, 'tags'>) => boolean;
}
