/**
 * Logging in to hosts. This folder makes core's Connection out of ssh2 and is the only one that imports it; it may
 * import src/core and src/shell, and gets the user's home folder and agent as parameters.
 *
 * A login dials (dial.ts), checks the host's key against known_hosts (host-key.ts), authenticates by key
 * (identities.ts, login.ts) and starts one shell (src/shell/bootstrap.ts) that is kept for all programs (session.ts).
 * fast-login.ts folds most of that into three round trips.
 */
import type { Socket } from 'node:net';
import type { Connect, Connection, Login } from '../core/connection.ts';
import { HealError } from '../core/errors.ts';
import { bootstrapCommand, newNonce, request } from '../shell/bootstrap.ts';
import { dial, timedOut } from './dial.ts';
import { type Pace, paces, Surprise } from './fast-login.ts';
import { interrupted, place, unreachable } from './faults.ts';
import { hostKeyCheck } from './host-key.ts';
import type { KeySources } from './identities.ts';
import type { LoggedIn, LoginPlan } from './login.ts';
import { keepShell } from './session.ts';

/** What logging in needs to know of the workstation. */
export interface ConnectorOptions extends KeySources {
  /** How much is sent ahead of its answers; for tests and measurements. The default is all that can be. */
  readonly pace?: Pace;
}

/**
 * Makes a Connect. Keys are read once for all the logins that it makes.
 *
 * Connect resolves when `first` has ended, and rejects with a HealError: `unreachable` for whatever keeps the host from
 * being reached, its key among it, `usage` for files of the workstation, `interrupted` when `signal` was aborted.
 * Should the connection break right at the start, it is made once more, so `first` may run twice: it must only ask.
 */
export function connector(options: ConnectorOptions): Connect {
  let ssh: ReturnType<typeof loadSsh> | undefined;

  return async (login, first, onFrame, signal): Promise<Connection> => {
    const bootstrap = kept(login);
    const timeout = AbortSignal.timeout(login.connectTimeout * 1000);
    const limit = AbortSignal.any([signal, timeout]);
    // ssh2 takes as long to load as a connection takes to be made, so both happen at once.
    const early = dial(login.address, login.port, limit);
    // What becomes of it meanwhile is asked when it is needed.
    early.then((socket) => socket.on('error', () => {})).catch(() => {});
    ssh ??= loadSsh(options);
    const { findIdentities, logIn } = await ssh;
    // What can be wrong on this side is found before anything is sent.
    const [identities, hostKey] = await Promise.all([findIdentities(login), hostKeyCheck(login)]).catch(
      (error: unknown) => {
        early.then((socket) => socket.destroy()).catch(() => {});
        throw error;
      },
    );
    const nonce = newNonce();
    const input = request('run', nonce, first);
    const plan = { login, hostKey, identities, command: bootstrap, input };

    let loggedIn: LoggedIn;
    let dialled = false;
    try {
      loggedIn = await attempt({ ...plan, pace: options.pace ?? 'kex' }, logIn, early, limit, () => {
        dialled = true;
      });
    } catch (error) {
      if (signal.aborted || !timeout.aborted) throw error;
      throw dialled ? slowLogin(login) : timedOut(login.address, login.port);
    }
    // The login is over when the shell has said something; how long `first` may take is not ours to say.
    let silent: () => void = () => {};
    const silence = new Promise<never>((_, reject) => {
      silent = () => reject(silentShell(login));
    });
    silence.catch(() => {});
    timeout.addEventListener('abort', silent, { once: true });
    const { connection, first: answered } = keepShell(
      login,
      loggedIn,
      bootstrap,
      { nonce, onFrame, signal, alive: () => timeout.removeEventListener('abort', silent) },
      input.subarray(loggedIn.sent),
    );
    try {
      await Promise.race([answered, silence]);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  };
}

/** The parts that need ssh2, the largest library of all. */
async function loadSsh(sources: KeySources) {
  const [{ identityFinder }, { logIn }] = await Promise.all([import('./identities.ts'), import('./login.ts')]);
  return { findIdentities: identityFinder(sources), logIn };
}

/** Logs in at the given pace; if that ends in a Surprise, on a new connection without anything sent ahead. */
async function attempt(
  plan: LoginPlan,
  logIn: (socket: Socket, plan: LoginPlan, signal: AbortSignal) => Promise<LoggedIn>,
  early: Promise<Socket>,
  signal: AbortSignal,
  dialled: () => void,
): Promise<LoggedIn> {
  const { address, port } = plan.login;
  for (const pace of new Set([plan.pace, paces[0]])) {
    const first = await early;
    // Used up, or closed by the host while ssh2 was loaded or a key was opened.
    const socket = first.destroyed ? await dial(address, port, signal) : first;
    dialled();
    try {
      return await logIn(socket, { ...plan, pace }, signal);
    } catch (error) {
      socket.destroy();
      if (!(error instanceof Surprise)) throw error;
      if (signal.aborted) throw interrupted(`logging in to ${place(address, port)}`, signal);
    }
  }
  throw unreachable(`logging in to ${place(address, port)} failed`);
}

/** The command that starts the kept shell: as the user who logs in, or behind sudo. */
function kept(login: Login): string {
  if (!login.become || login.becomeUser === login.user) return bootstrapCommand;
  // The login shell reads this line, so it holds only what none of them takes for something else.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(login.becomeUser)) {
    throw new HealError('usage', `become_user ${JSON.stringify(login.becomeUser)} is not the name of a user`);
  }
  return `sudo -n -H -u ${login.becomeUser} -- ${bootstrapCommand}`;
}

function slowLogin(login: Login): HealError {
  return unreachable(
    `logging in to ${place(login.address, login.port)} timed out after ${login.connectTimeout} s`,
    'the host is there but slow: raise connect_timeout, or look at its load and its DNS (UseDNS in sshd_config)',
  );
}

function silentShell(login: Login): HealError {
  return unreachable(
    `${place(login.address, login.port)} let ${login.user} in, but no shell answered within ${login.connectTimeout} s`,
    'look at what the login shell reads first (~/.bashrc, /etc/profile): does it wait for something?',
  );
}
