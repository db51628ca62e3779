import type { Login } from '../core/connection.ts';
import { HealError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Connector } from '../ssh/connect.ts';
import { addNewHosts, type NewHost } from '../ssh/host-keys/new-hosts.ts';
import type { OpenedKeys } from '../ssh/keys/identities.ts';
import type { Options } from './options.ts';
import { ask, askSecret, canAsk } from './prompt.ts';
import { type CompleteLogin, connectOf, keySourcesOf, sshConfigOf } from './wire.ts';
import type { World } from './world.ts';

/**
 * Connects with the inputs that only a user knows. On a terminal, all questions are asked here: before the first login
 * and before any output is drawn.
 */
export async function connectAsking(
  logins: readonly Login[],
  { forks }: Pick<Options, 'forks'>,
  world: World,
): Promise<Connector> {
  if (!canAsk()) return connectOf(world, new Map());
  const connect = await connectOf(world, await openedKeys(logins, world));
  try {
    const { signal } = world.interrupt;
    await addNewHosts(logins, {
      fetch: connect.fetchHostKey,
      ask: (host: NewHost) => confirmHostKey(host, world),
      atOnce: forks,
      signal,
    });
    return connect;
  } catch (error) {
    await connect.close();
    throw error;
  }
}

/**
 * Adds ~/.ssh/config to each login, and with `--ask-pass` and `--ask-become-pass` the passwords: defaults that the
 * inventory overrides. As in Ansible, an empty become password is that of the login.
 * @throws HealError of kind `usage`
 */
export async function completeLogins(
  { askPass, askBecomePass }: Pick<Options, 'askPass' | 'askBecomePass'>,
  world: World,
): Promise<CompleteLogin> {
  const complete = await sshConfigOf(world);
  const password = askPass ? await askPassword('SSH password: ', '--ask-pass', 'ansible_password', world) : undefined;
  const usual = password === undefined ? '' : '[defaults to SSH password]';
  const becomePassword = askBecomePass
    ? ((await askPassword(`BECOME password${usual}: `, '--ask-become-pass', 'become_password', world)) ?? password)
    : undefined;
  return (login) =>
    complete({
      ...login,
      ...(password === undefined || login.given.has('ssh_password') ? {} : { password }),
      ...(becomePassword === undefined || login.given.has('become_password') ? {} : { becomePassword }),
    });
}

/** Undefined if the answer is empty. */
async function askPassword(
  question: string,
  flag: string,
  variable: string,
  world: World,
): Promise<Secret | undefined> {
  if (!canAsk()) {
    throw new HealError('usage', `${flag} needs a terminal to ask on`, {
      hint: `put the password into the inventory: ${variable}: !secret-env NAME`,
    });
  }
  const secret = await askSecret(question, world);
  return secret.reveal() === '' ? undefined : secret;
}

async function openedKeys(logins: readonly Login[], world: World): Promise<OpenedKeys> {
  const { openKeys } = await import('../ssh/keys/open-keys.ts');
  return openKeys(logins, keySourcesOf(world), (file, again) => {
    const wrong = again ? 'That passphrase is wrong. ' : '';
    return askSecret(`${wrong}Enter passphrase for key '${world.clean.line(file)}': `, world);
  });
}

/** The question of ssh(1) (`check_host_key` and `confirm` in OpenSSH's sshconnect.c): an empty answer means no. */
async function confirmHostKey({ login, where, type, fingerprint }: NewHost, world: World): Promise<boolean> {
  const file = world.clean.line(login.knownHostsFile);
  const name = world.clean.line(login.name === where ? where : `${login.name} (${where})`);
  world.err(
    `The authenticity of host ${name} can't be established: its key is not in ${file}.\n` +
      `${type} key fingerprint is ${fingerprint}.\n`,
  );
  let question = 'Are you sure you want to continue connecting (yes/no/[fingerprint])? ';
  for (;;) {
    const answer = await ask(question, world);
    if (answer === '' || /^no$/i.test(answer)) return false;
    if (/^yes$/i.test(answer) || answer === fingerprint) return true;
    question = 'Please type yes, no or the fingerprint: ';
  }
}
