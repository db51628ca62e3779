import type { Login } from '../core/connection.ts';
import type { HealError } from '../core/errors.ts';
import { place, unreachable } from './faults.ts';

/** Why the persistent shell ended unexpectedly. */
export function shellError(
  login: Login,
  exit: { readonly code: number | undefined; readonly signal: string | undefined },
  stderr: string,
  noise: string,
): HealError {
  const where = place(login.address, login.port);
  const said = [lastLines(stderr), lastLines(noise)].filter((text) => text !== '').join('; ');
  if (login.becomeMethod === 'su' && login.user !== 'root') {
    // "Password: su: Authentication failure", or busybox' "su: incorrect password".
    const su = /\bsu: (.*)$/m.exec(stderr)?.[1];
    const wrong = su !== undefined && login.becomePassword !== undefined && /incorrect|uthentication/.test(su);
    if (wrong) {
      return unreachable(
        `su on ${where} does not accept the become password (that of root)`,
        'check the answer to -K, or become_password; nothing was changed',
      );
    }
    if (su !== undefined) {
      const hint =
        'su needs the password of root: -K, or become_password; an account without one cannot be used with su';
      return unreachable(`${login.user} cannot become root on ${where}: su says ${su}`, hint);
    }
  }
  const sudo = /^sudo: (.*)$/m.exec(stderr)?.[1];
  if (sudo !== undefined && login.becomePassword !== undefined && /incorrect|again|uthentication/.test(stderr)) {
    return unreachable(
      `sudo on ${where} does not accept the become password of ${login.user}`,
      'check the answer to -K, or become_password; nothing was changed',
    );
  }
  if (login.become && sudo !== undefined) {
    const hint = /must have a tty/.test(sudo)
      ? `exempt the login user: echo 'Defaults:${login.user} !requiretty' > /etc/sudoers.d/${login.user}-tty (as root)`
      : /password|terminal/.test(sudo)
        ? `give its password with -K, or allow it without one: echo '${login.user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/${login.user} (as root)`
        : `may ${login.user} become ${login.becomeUser} with sudo?`;
    return unreachable(`${login.user} cannot become ${login.becomeUser} on ${where}: sudo says ${sudo}`, hint);
  }
  if (login.become && exit.code === 127 && /sudo/.test(stderr)) {
    return unreachable(`${login.user} cannot become ${login.becomeUser} on ${where}: there is no sudo`, 'install sudo');
  }
  const how =
    exit.signal !== undefined ? `was killed by ${exit.signal}` : `ended with exit code ${exit.code ?? 'unknown'}`;
  return unreachable(
    `the shell of ${login.user} on ${where} ${how}${said === '' ? '' : `: ${said}`}`,
    `can ${login.user} run commands there? Try: ssh ${sshArguments(login)} echo hello`,
  );
}

/** A host with ProxyJump or ProxyCommand is reached under its name in ~/.ssh/config. */
function sshArguments({ name, address, port, user, given, jump, proxyCommand }: Login): string {
  return jump === undefined && proxyCommand === undefined
    ? `-p ${port} ${user}@${address}`
    : `${user}@${given.has('address') ? address : name}`;
}

function lastLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-3)
    .join('; ');
}
