import { startChild } from './child.ts';

/** A server on this machine's loopback, in a process of its own. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  /** Resolves when it ended, with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server for a test that blocks its own process (`spawnSync`), and resolves once it takes connections.
 *
 * @param create an expression that makes a `net.Server` or an `http.Server`; it may use `require`
 * @param address where it listens; the kernel chooses the port, so that no two servers want the same one
 */
export async function startServer(create: string, address = '127.0.0.1'): Promise<Server> {
  const text = `const s = ${create}; s.listen(0, ${JSON.stringify(address)}, () => console.log(s.address().port));`;
  // It lives as long as its test file, which may wait for much else.
  const { child, pid, firstLine, stop } = startChild(process.execPath, ['-e', text], { limitMs: 600_000 });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  return { port: Number(await firstLine), pid, ended, stop };
}
