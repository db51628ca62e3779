import type { Duplex } from 'node:stream';
import ssh2, { type Client } from 'ssh2';
import type { Login } from '../core/connection.ts';
import { HealError } from '../core/errors.ts';
import { dialError } from './dial.ts';
import { execPlainly, type FastLogin, fastLogin, type Pace, type Started, Surprise } from './fast-login.ts';
import { interrupted, place, unreachable } from './faults.ts';
import type { HostKeyCheck } from './host-keys/host-key.ts';
import type { Identities } from './keys/identities.ts';
import { expiredPassword, proofsFor } from './proofs.ts';

/** Seconds between two keepalive messages to a silent host, and how many may stay unanswered before it counts as lost. */
const keepalive = { seconds: 15, count: 4 };

/** What to do on a socket, or a channel through a jump host, that has just been connected. */
export interface LoginPlan<T> {
  readonly login: Login;
  readonly hostKey: HostKeyCheck;
  readonly identities: Identities;
  readonly pace: Pace;
  readonly command: string;
  readonly input: Buffer;
  /** Creates the login's result from the Client once it is logged in. */
  readonly begin: (client: Client, fast: FastLogin | undefined) => Promise<T>;
}

/** A Client that is logged in, and the command that it started. */
export interface LoggedIn extends Started {
  readonly client: Client;
}

/** For `begin` of a plan: waits for its command. */
export function startCommand(command: string): LoginPlan<LoggedIn>['begin'] {
  return async (client, fast) => {
    const started = await (fast === undefined ? execPlainly(client, command) : fast.start());
    return { client, ...started };
  };
}

/**
 * Logs in, and runs the plan's `begin`.
 *
 * @throws Surprise if a new attempt at the pace `plain` may succeed; a HealError otherwise.
 */
export function logIn<T>(socket: Duplex, plan: LoginPlan<T>, signal: AbortSignal): Promise<T> {
  const { login, hostKey, identities, pace } = plan;
  const where = place(login.address, login.port);
  const client = new ssh2.Client();
  let refusal: HealError | undefined;
  let fast: FastLogin | undefined;
  // A new key is in the file before the login ends, well or not.
  let remembered: Promise<void> = Promise.resolve();

  return new Promise((resolve, reject) => {
    const end = (error: Error): void => {
      signal.removeEventListener('abort', aborted);
      client.on('error', () => {});
      client.destroy();
      void remembered.finally(() => reject(error));
    };
    const aborted = () => end(interrupted(`logging in to ${where}`, signal));
    // A tuned login may cause its own errors; the plain login after it shows whether it did.
    const failed = (error: Error) => {
      if (refusal !== undefined) return end(refusal);
      if (error instanceof HealError) return end(error);
      const level = 'level' in error ? error.level : undefined;
      // ssh2 tries the next key.
      if (level === 'agent') return;
      if (level === 'client-authentication') return end(proofs.refused());
      // Another try would cost a second attempt at a password.
      if (fast !== undefined && !proofs.passwordSent()) return end(new Surprise(error.message));
      end(loginError(error, login));
    };
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    const proofs = proofsFor(plan, () => fast, failed);

    client.on('error', failed);
    client.on('close', () => failed(new Error('the connection was closed')));
    client.on('change password', () => failed(expiredPassword(login)));
    client.on('handshake', () => {
      remembered = hostKey.remember().catch(failed);
    });
    client.on('ready', () => {
      Promise.all([plan.begin(client, fast), remembered]).then(([result]) => {
        signal.removeEventListener('abort', aborted);
        client.removeAllListeners('error').removeAllListeners('close');
        // From here on the session listens; until it does, an error without a listener would end the process.
        client.on('error', () => {});
        resolve(result);
      }, failed);
    });

    client.connect({
      sock: socket,
      username: login.user,
      // The caller's signal ends a login that takes too long.
      readyTimeout: 0,
      keepaliveInterval: (login.keepalive ?? keepalive).seconds * 1000,
      keepaliveCountMax: (login.keepalive ?? keepalive).count,
      algorithms: { serverHostKey: [...hostKey.algorithms] as never },
      hostVerifier: (key: Buffer, verify: (valid: boolean) => void): void => {
        refusal = hostKey.refuse(key);
        // ssh2 treats every value except `false` as acceptance.
        verify(refusal === undefined);
      },
      authHandler: proofs.next,
    });
    const [identity] = identities.usable;
    if (identity !== undefined) {
      fast = fastLogin(client, { pace, user: login.user, identity, command: plan.command, input: plan.input });
    }
  });
}

/** Converts an error between the first byte and the started command. */
function loginError(error: Error, login: Login): HealError {
  const where = place(login.address, login.port);
  const level = 'level' in error ? error.level : undefined;
  if (level === 'client-socket') return dialError(error, login.address, login.port);
  const algorithms = /no matching (.+)$/i.exec(error.message)?.[1];
  if (algorithms !== undefined) {
    return unreachable(
      `${where} and heal have no ${algorithms} in common`,
      'does its sshd_config allow only few, such as only post-quantum key exchange? Allow curve25519-sha256',
      error,
    );
  }
  if (/before handshake|Invalid ident|Header line|connection was closed/i.test(error.message)) {
    return unreachable(
      `${where} closed the connection during the login`,
      'is it sshd that listens there? It also does this when too many log in at once (MaxStartups)',
      error,
    );
  }
  return unreachable(`logging in to ${where} failed: ${error.message}`, undefined, error);
}
