import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Login } from '../core/connection.ts';
import type { Place } from '../core/place.ts';
import type { Host, Play } from '../core/playbook.ts';
import { connectionVariables } from '../project/inventory/connection-variables.ts';
import { collectProblems } from '../project/yaml/problems.ts';

const keyNames = connectionVariables.flatMap(({ name, also }) => (name === 'identity_file' ? [name, ...also] : []));

/**
 * Computes the logins of all hosts, and checks the keys, before the first connection: a host
 * of a later batch with a missing key must not leave the earlier ones changed.
 * @returns the logins of all hosts
 * @throws HealError or HealErrors of kind `usage`
 */
export async function checkLogins(
  plays: readonly Play[],
  hostsOf: (play: Play) => readonly Host[],
  loginOf: (host: Host, play: Play) => Login,
): Promise<readonly Login[]> {
  const problems = collectProblems();
  const logins: Login[] = [];
  const keys = new Map<string, Place | undefined>();
  for (const play of plays) {
    for (const host of hostsOf(play)) {
      const login = problems.attempt(() => loginOf(host, play));
      if (login !== undefined) logins.push(login);
      const file = login?.identityFile;
      const name = keyNames.find((one) => Object.hasOwn(host.vars, one));
      if (file !== undefined && !keys.has(file)) keys.set(file, name === undefined ? undefined : host.vars[name]?.at);
    }
  }
  for (const [file, at] of keys) {
    // The agent may have a key of which only the public half is stored here.
    const wrong = await trouble(file);
    if (wrong !== undefined && (await trouble(`${file}.pub`))) problems.add(wrong.message, at, wrong.hint);
  }
  problems.throwIfAny();
  return logins;
}

async function trouble(file: string): Promise<{ readonly message: string; readonly hint: string } | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) {
    return { message: `there is no key file ${file}`, hint: 'check identity_file' };
  }
  const readable = await access(file, constants.R_OK).then(
    () => found.isFile(),
    () => false,
  );
  return readable
    ? undefined
    : {
        message: `cannot read the key file ${file}`,
        hint: 'check that it is a regular file and that you have read permission',
      };
}
