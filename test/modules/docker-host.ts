import { expect } from 'vitest';
import type { Decision } from '../../src/core/module.ts';
import type { LabHost } from '../lab/host.ts';
import type { Converged, Shell } from './on-this-machine.ts';

/** A look starts tens of processes, so there is a pause between them. */
export const looks = { timeout: 60_000, interval: 250 };

/** A lab host with Docker, as the cases of its modules use it. */
export interface DockerHost {
  /** A shell on the host; it exists only while tests run. */
  readonly shell: () => Shell;
  readonly exec: (text: string) => Promise<string>;
  /** Id and start time of a container. */
  readonly started: (name: string) => Promise<string>;
}

export function dockerHost(host: () => LabHost): DockerHost {
  const exec = (text: string) => host().exec(text);
  return {
    shell: () => ({
      name: 'site',
      sh: '/bin/sh',
      path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      enter: ['nsenter', '-a', '-t', String(host().pid), '--'],
    }),
    exec,
    started: (name) => exec(`docker inspect -f '{{.Id}} {{.State.StartedAt}}' ${name}`),
  };
}

export const titlesOf = ({ changes }: Decision): string[] => changes.map(({ title }) => title);
export const titles = ({ first }: Converged): string[] => titlesOf(first);

/** Requires that a change was made as expected and predicted, and that nothing is left to do. */
export function proven(done: Converged, expected: readonly string[]): Converged {
  expect(done.first.failed).toBeUndefined();
  expect(titles(done)).toEqual(expected);
  expect(done.applied.map(({ code, stderr }) => [code, stderr])).toEqual(expected.map(() => [0, '']));
  for (const { predicted, asked } of done.predicted) expect(asked).toEqual(predicted);
  expect(done.after.failed).toBeUndefined();
  expect(done.after.changes).toEqual([]);
  return done;
}
