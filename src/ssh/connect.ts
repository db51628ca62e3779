/**
 * Logging in to hosts. This directory implements core's Connection with ssh2 and is the only one that imports it; it may
 * import src/core and src/shell, and gets the user's home directory and agent as parameters.
 *
 * A login dials (dial.ts), checks the host's key against known_hosts (host-key.ts), authenticates with a key or password
 * (identities.ts, proofs.ts, login.ts), through jump hosts or a ProxyCommand if there is one (jump/), and starts one shell
 * (src/shell/bootstrap.ts) that is kept for all programs (session.ts). fast-login.ts needs three round trips for most of that.
 */
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Connect, Connection, Login } from '../core/connection.ts';
import { HealError } from '../core/errors.ts';
import { newNonce, request } from '../shell/bootstrap.ts';
import { type ShellStart, shellStart } from '../shell/shell-start.ts';
import { isOpen } from './close-client.ts';
import { timedOut } from './dial.ts';
import { type Pace, paces, Surprise } from './fast-login.ts';
import { interrupted, place, unreachable } from './faults.ts';
import type { FetchHostKey } from './host-keys/fetch-host-key.ts';
import { hostKeyCheck } from './host-keys/host-key.ts';
import type { InteractiveSession } from './interactive.ts';
import { jumpHosts, type Route } from './jump/jump.ts';
import type { KeySources } from './keys/identities.ts';
import type { LoginPlan } from './login.ts';
import { keepShell } from './session.ts';

/** What logging in needs to know about the control node. */
export interface ConnectorOptions extends KeySources {
  /** How much is sent before its answers arrive; for tests and measurements. Default: as much as possible. */
  readonly pace?: Pace;
  /** Seconds that the first program may take; its duration is not known. Default: six times the login's own limit. */
  readonly firstLimit?: number;
}

/** A Connect, and the end of the jump hosts' logins, which its connections share. */
export interface Connector extends Connect {
  /** A login without the kept shell, for manual work of a user. */
  interactive(login: Login, signal: AbortSignal): Promise<InteractiveSession>;
  /** Logs in only to jump hosts. */
  readonly fetchHostKey: FetchHostKey;
  close(): Promise<void>;
}

/**
 * Creates a Connect. Keys are read once for all the logins that it performs.
 *
 * Connect resolves when `first` has ended, and rejects with a HealError: `unreachable` for every reason that the host
 * cannot be reached, including its key, `usage` for files of the control node, `interrupted` when `signal` was aborted.
 * If the connection breaks right at the start, it is opened again, so `first` may run twice: it must not change anything.
 */
export function connector(options: ConnectorOptions): Connector {
  let ssh: ReturnType<typeof loadSsh> | undefined;
  const pace = options.pace ?? 'kex';

  /** Logs in over a route; `use` says what the login is for. The timeout starts when the route is open. */
  const enter = async <T>(
    login: Login,
    route: Route,
    signal: AbortSignal,
    use: (parts: Awaited<ReturnType<typeof loadSsh>>) => Pick<LoginPlan<T>, 'pace' | 'command' | 'input' | 'begin'>,
  ): Promise<{ readonly value: T; readonly timeout: AbortSignal }> => {
    const timeout = AbortSignal.timeout(login.connectTimeout * 1000);
    const limit = AbortSignal.any([signal, timeout]);
    // Loading ssh2 takes as long as opening a connection, so both happen at the same time.
    const early = route.dial(login.address, login.port, limit);
    // Its result, also an error, is read later, when it is needed.
    early.then((socket) => socket.on('error', () => {})).catch(() => {});
    ssh ??= loadSsh(options);
    const parts = await ssh;
    // Errors on the control node are found before anything is sent.
    const found = Promise.all([parts.findIdentities(login), hostKeyCheck(login)]);
    const [identities, hostKey] = await found.catch((error: unknown) => {
      early.then((socket) => socket.destroy()).catch(() => {});
      throw error;
    });
    const plan: LoginPlan<T> = { login, hostKey, identities, ...use(parts) };
    let dialled = false;
    try {
      const value = await attempt(plan, parts.logIn, route, early, limit, () => {
        dialled = true;
      });
      return { value, timeout };
    } catch (error) {
      if (signal.aborted || !timeout.aborted) throw error;
      throw dialled ? slowLogin(login) : timedOut(login.address, login.port);
    }
  };

  /** Logs in and runs nothing: a jump host may have no shell for this user. */
  const loginOnly = async (login: Login, route: Route, signal: AbortSignal): Promise<Client> => {
    const { value } = await enter(login, route, signal, () => ({
      pace: pace === 'plain' ? pace : 'sign',
      command: '',
      input: Buffer.alloc(0),
      begin: async (client) => client,
    }));
    return value;
  };
  const jumps = jumpHosts(loginOnly);

  const connect: Connect = async (login, first, onFrame, signal): Promise<Connection> => {
    const start = startOf(login);
    const { command } = start;
    const nonce = newNonce();
    const input = Buffer.concat([start.ahead, request('run', nonce, first)]);
    const route = await jumps.routeTo(login, signal);
    const { value: loggedIn, timeout } = await enter(login, route, signal, ({ startCommand }) => ({
      pace,
      command,
      input,
      begin: startCommand(command),
    })).finally(route.leave);
    // The login is over at the shell's first output; `first` asks more of the host, and so it has more time.
    const firstLimit = options.firstLimit ?? 6 * login.connectTimeout;
    let silent: () => void = () => {};
    let slow: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      silent = () => reject(silentShell(login));
      slow = setTimeout(() => reject(slowFirst(login, firstLimit)), firstLimit * 1000);
    });
    silence.catch(() => {});
    timeout.addEventListener('abort', silent, { once: true });
    const { connection, first: answered } = keepShell(
      login,
      loggedIn,
      start,
      { nonce, onFrame, signal, alive: () => timeout.removeEventListener('abort', silent) },
      input.subarray(loggedIn.sent),
    );
    try {
      await Promise.race([answered, silence]);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    } finally {
      clearTimeout(slow);
    }
  };
  const fetchHostKey: FetchHostKey = async (login, algorithms, signal) => {
    const route = await jumps.routeTo(login, signal);
    try {
      return await (await import('./host-keys/fetch-host-key.ts')).fetchHostKey(login, algorithms, route, signal);
    } finally {
      route.leave();
    }
  };
  const openInteractive: Connector['interactive'] = async (login, signal) => {
    const route = await jumps.routeTo(login, signal);
    const client = await loginOnly(login, route, signal).finally(route.leave);
    return (await import('./interactive.ts')).interactiveSession(client, login.name, signal);
  };
  return Object.assign(connect, { interactive: openInteractive, fetchHostKey, close: () => jumps.close() });
}

/** The parts that need ssh2, the largest library of all. */
async function loadSsh(sources: KeySources) {
  const [{ identityFinder }, { logIn, startCommand }] = await Promise.all([
    import('./keys/identities.ts'),
    import('./login.ts'),
  ]);
  return { findIdentities: identityFinder(sources), logIn, startCommand };
}

/** Logs in at the given pace; if that ends in a Surprise, on a new connection without anything sent ahead. */
async function attempt<T>(
  plan: LoginPlan<T>,
  logIn: (socket: Duplex, plan: LoginPlan<T>, signal: AbortSignal) => Promise<T>,
  route: Route,
  early: Promise<Duplex>,
  signal: AbortSignal,
  dialled: () => void,
): Promise<T> {
  const { address, port } = plan.login;
  for (const pace of new Set([plan.pace, paces[0]])) {
    const first = await early;
    // Used up, or closed by the host while ssh2 was loaded or a key was opened.
    const socket = isOpen(first) ? first : await route.dial(address, port, signal);
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

/** How the kept shell is started: as the login user, or with sudo or su. */
function startOf(login: Login): ShellStart {
  const { becomeMethod: method, becomePassword: password } = login;
  if (!login.become || login.becomeUser === login.user) {
    return login.user === 'root'
      ? shellStart({ user: undefined, method: 'sudo', password: undefined })
      : shellStart({ user: undefined, method, password });
  }
  // The login shell reads this line, so it contains only characters that no login shell interprets.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(login.becomeUser)) {
    throw new HealError('usage', `become_user ${JSON.stringify(login.becomeUser)} is not the name of a user`);
  }
  return shellStart({ user: login.becomeUser, method, password });
}

function slowLogin(login: Login): HealError {
  const what = `logging in to ${place(login.address, login.port)}`;
  const proxy = login.proxyCommand;
  if (proxy !== undefined) {
    return new HealError('unreachable', `${what} through its ProxyCommand timed out after ${login.connectTimeout} s`, {
      at: proxy.at,
      hint: `does it reach the host? Run it manually: ${proxy.text}`,
    });
  }
  return unreachable(
    `${what} timed out after ${login.connectTimeout} s`,
    'the host is there but slow: raise connect_timeout, or look at its load and its DNS (UseDNS in sshd_config)',
  );
}

function slowFirst(login: Login, limit: number): HealError {
  return unreachable(
    `${place(login.address, login.port)} let ${login.user} in, but sent no facts within ${limit} s`,
    'does a file system or the directory service of the host hang? try: id -un; df -P /',
  );
}

function silentShell(login: Login): HealError {
  return unreachable(
    `${place(login.address, login.port)} let ${login.user} in, but no shell answered within ${login.connectTimeout} s`,
    'look at what the login shell reads first (~/.bashrc, /etc/profile): does it wait for something?',
  );
}
