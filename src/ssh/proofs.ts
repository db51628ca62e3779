import type { AnyAuthMethod, AuthenticationType, KeyboardInteractiveAuthMethod, NextAuthHandler } from 'ssh2';
import type { Login } from '../core/connection.ts';
import type { HealError } from '../core/errors.ts';
import type { FastLogin } from './fast-login.ts';
import { place, unreachable } from './faults.ts';
import type { HostKeyCheck } from './host-keys/host-key.ts';
import type { Identities, Identity } from './keys/identities.ts';

/** The credentials sent to a server for a login (RFC 4252): the keys, and then the password, as ssh(1) does. */
export interface Proofs {
  /** For ssh2's `authHandler`. */
  next(left: AuthenticationType[] | null, partialSuccess: boolean | null, next: NextAuthHandler): void;
  /** Whether the password was tried. */
  passwordSent(): boolean;
  /** The error of a login in which the server refused everything. */
  refused(): HealError;
}

/** The account to log in to, and the credentials for it. */
export interface ProofsPlan {
  readonly login: Login;
  readonly hostKey: Pick<HostKeyCheck, 'isSuspect'>;
  readonly identities: Identities;
}

/**
 * The credentials of one connection. `failed` is called with the error that ends it; the password is sent at most once, and
 * never to a host whose key differs from the one on file (`check_host_key` in OpenSSH's sshconnect.c does the same).
 */
export function proofsFor(
  { login, hostKey, identities }: ProofsPlan,
  fast: () => FastLogin | undefined,
  failed: (error: HealError) => void,
): Proofs {
  const { user: username, password } = login;
  const tried: Identity[] = [];
  let methods: readonly string[] = [];
  /** What the server accepted before it required more. */
  let accepted: 'key' | 'password' | undefined;
  let sent = false;

  const keyOf = (identity: Identity): AnyAuthMethod => {
    tried.push(identity);
    const login = fast();
    if (login !== undefined) return { type: 'publickey', username, key: login.adopt(identity) as never };
    if (identity.agent !== undefined) return { type: 'agent', username, agent: identity.agent };
    return { type: 'publickey', username, key: identity.key as never };
  };
  const passwordBy = (secret: string): AnyAuthMethod | undefined => {
    const byPassword = methods.includes('password');
    if (sent || hostKey.isSuspect() || !(byPassword || methods.includes('keyboard-interactive'))) return undefined;
    sent = true;
    fast()?.withdraw();
    if (byPassword) return { type: 'password', username, password: secret };
    return { type: 'keyboard-interactive', username, prompt: answerOnce(login, secret, failed) };
  };

  return {
    next(left, partialSuccess, next) {
      methods = left ?? methods;
      if (partialSuccess === true) accepted = sent ? 'password' : 'key';
      const identity = accepted === undefined ? identities.usable[tried.length] : undefined;
      if (identity !== undefined) return next(keyOf(identity));
      if (password === undefined) return next(false as never);
      // The answer to `none` lists the methods (RFC 4252, 5.2); a useless method would cost an attempt.
      if (left === null) return next({ type: 'none', username });
      next(passwordBy(password.reveal()) ?? (false as never));
    },
    passwordSent: () => sent,
    refused: () => refusal(login, identities, { tried, methods, accepted, sent, suspect: hostKey.isSuspect() }),
  };
}

/** Answers the one hidden question of a keyboard-interactive login (RFC 4256) with the password. */
function answerOnce(
  login: Login,
  secret: string,
  failed: (error: HealError) => void,
): KeyboardInteractiveAuthMethod['prompt'] {
  let answered = false;
  return (_name, _instructions, _language, prompts, finish) => {
    const [question] = prompts;
    if (!answered && prompts.length === 1 && question?.echo === false) {
      answered = true;
      return finish([secret]);
    }
    const where = place(login.address, login.port);
    const asked = prompts.map(({ prompt }) => JSON.stringify(prompt.trim())).join(', ');
    failed(
      unreachable(
        `${where} asks ${login.user} for more than a password: ${asked}`,
        'heal answers one hidden question: exempt this user in sshd_config or PAM, or log in with a key',
      ),
    );
  };
}

interface Answers {
  readonly tried: readonly Identity[];
  readonly methods: readonly string[];
  readonly accepted: 'key' | 'password' | undefined;
  readonly sent: boolean;
  readonly suspect: boolean;
}

function refusal(login: Login, identities: Identities, answers: Answers): HealError {
  const { tried, methods, accepted, sent } = answers;
  const { user } = login;
  const where = place(login.address, login.port);
  if (accepted === 'password' || (accepted === 'key' && !sent)) {
    const takesPassword = methods.includes('password') || methods.includes('keyboard-interactive');
    const give = accepted === 'key' && login.password === undefined && takesPassword;
    return unreachable(
      `${where} took the ${accepted} of ${user}, and requires a second authentication method as well (${methods.join(', ')})`,
      `${give ? 'give the password (--ask-pass), or ' : ''}exempt this user in sshd_config (AuthenticationMethods)`,
    );
  }
  const keys = tried.map((key) => key.label).join(', ');
  if (sent) {
    const before = accepted === 'key' ? ', after it took the key' : keys === '' ? '' : `, and before that ${keys}`;
    return unreachable(
      `${where} refused the password of ${user}${before}`,
      'check the password, and whether sshd_config lets this user in with one (PasswordAuthentication, PermitRootLogin)',
    );
  }
  const remarks = identities.remarks.map((remark) => `; ${remark}`).join('');
  const why = answers.suspect
    ? 'it is not sent the password, as its host key has changed'
    : `it accepts no password (it accepts ${methods.join(', ')})`;
  const none = login.password === undefined ? '' : `; ${why}`;
  return unreachable(
    `${where} does not let ${user} in: ${keys === '' ? 'there is no key to try' : `tried ${keys}`}${remarks}${none}`,
    tried.length === 0
      ? 'set identity_file, or start an agent'
      : `check that the user name is correct, and that ~${user}/.ssh/authorized_keys on the host contains one of these public keys`,
  );
}

/** The error for a server that requires a new password (RFC 4252, 8). */
export function expiredPassword({ address, port, user }: Login): HealError {
  return unreachable(
    `the password of ${user} on ${place(address, port)} has expired`,
    `change it: ssh -p ${port} ${user}@${address}`,
  );
}
