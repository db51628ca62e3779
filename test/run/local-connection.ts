import type { Connection, Frame } from '../../src/core/connection.ts';
import type { Sh } from '../../src/core/sh.ts';
import { connectHere } from '../../src/ssh/here.ts';
import type { Shell } from '../shell/shells.ts';

/**
 * A Connection to this very machine under one of the shells, which remembers its programs: what the engine sends is
 * really run, which is what its tests are about; logging in has tests of its own.
 */
export async function localConnection(
  shell: Pick<Shell, 'command' | 'path'> | undefined,
  first: Sh,
  onFrame: (frame: Frame) => void,
): Promise<Connection & { readonly programs: readonly string[] }> {
  const programs: string[] = [first.text];
  const how = shell === undefined ? {} : { argv: shell.command, path: shell.path };
  const connection = await connectHere(first, onFrame, new AbortController().signal, how);
  return {
    ...connection,
    programs,
    get roundTrips() {
      return connection.roundTrips;
    },
    run: (program, ...more) => {
      programs.push(program.text);
      return connection.run(program, ...more);
    },
  };
}
