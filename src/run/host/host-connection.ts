import type { Connection, Frame, Login } from '../../core/connection.ts';
import { type HostSetup, hostSetupProgram, hostSetupReader } from './host-setup.ts';

/** Logs in to a host: `first` runs in the same flight, its output goes to `onFrame`. */
export type LogIn = (first: typeof hostSetupProgram, onFrame: (frame: Frame) => void) => Promise<Connection>;

/** The users of a Login that its tasks may run as. */
export type Users = Pick<Login, 'user' | 'become' | 'becomeUser'>;

/** A host's Connection that can be opened again. Its users need not know that it was replaced. */
export interface HostConnection extends Connection {
  /** The login user, whether the whole login becomes another, and which user that is for it and for tasks without `become_user`. */
  readonly users: Users;
  /** The setup from the last login; undefined if no login succeeded. */
  readonly setup: () => HostSetup | undefined;
  /** Logs in, again after a lost connection; the rest of the old connection is closed. Rejects as Connect does. */
  readonly renew: () => Promise<HostSetup>;
  /** Repeats the questions of the login. */
  readonly refresh: (signal: AbortSignal) => Promise<HostSetup>;
  /** Whether this connection has the lock of the host. */
  locked: boolean;
}

/** The connection to a host; `renew` opens it. */
export function connectionTo(host: string, users: Users, logIn: LogIn): HostConnection {
  let connection: Connection | undefined;
  let setup: HostSetup | undefined;
  let before = 0;
  const open = (): Connection => {
    if (connection === undefined) throw new Error(`there is no connection to ${host}`);
    return connection;
  };
  return {
    host,
    users,
    setup: () => setup,
    locked: false,
    async renew() {
      this.locked = false;
      const old = connection;
      if (old !== undefined) {
        before += old.roundTrips;
        connection = undefined;
        await old.close();
      }
      const reader = hostSetupReader();
      const fresh = await logIn(hostSetupProgram, reader.onFrame);
      try {
        setup = reader.setup();
      } catch (error) {
        await fresh.close();
        throw error;
      }
      connection = fresh;
      return setup;
    },
    refresh: async (signal) => {
      const reader = hostSetupReader();
      await open().run(hostSetupProgram, reader.onFrame, signal);
      setup = reader.setup();
      return setup;
    },
    run: (...use) => open().run(...use),
    load: (text) => connection?.load(text),
    channel: (...use) => open().channel(...use),
    get roundTrips() {
      return before + (connection?.roundTrips ?? 0);
    },
    close: async () => connection?.close(),
  };
}
