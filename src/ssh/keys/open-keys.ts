import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import type { Login } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { withJumpHosts } from '../jump/with-jump-hosts.ts';
import { defaultKeys } from './default-keys.ts';
import { isEncryptedKey } from './encrypted-key.ts';
import type { KeySources, OpenedKeys } from './identities.ts';

/** Attempts at one passphrase (NumberOfPasswordPrompts in ssh_config(5) has the same default). */
const attempts = 3;

/** Asks for the passphrase of a key file; `again` after a wrong one. After an empty answer the key is not opened. */
export type AskPassphrase = (file: string, again: boolean) => Promise<Secret>;

/**
 * Opens the encrypted keys that some logins need and no agent has, each once: every parse costs 0.3 to 1.8 s of bcrypt.
 * A default key is opened only if a login has nothing else; a key that the inventory or ~/.ssh/config names, always.
 *
 * @throws HealError of kind `usage` after three wrong passphrases
 */
export async function openKeys(logins: readonly Login[], sources: KeySources, ask: AskPassphrase): Promise<OpenedKeys> {
  const opened = new Map<string, ParsedKey>();
  const closed = new Set<string>();
  const all = withJumpHosts(logins);
  if (!(await anyEncrypted(all, sources.home))) return opened;
  const [{ identityFinder }, { readKey, EncryptedKey }] = await Promise.all([
    import('./identities.ts'),
    import('./key-file.ts'),
  ]);
  const find = identityFinder({ ...sources, openedKeys: opened });

  const open = async (file: string): Promise<void> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const passphrase = await ask(file, attempt > 1);
      if (passphrase.reveal() === '') break;
      try {
        opened.set(file, await readKey(file, passphrase));
        return;
      } catch (error) {
        if (!(error instanceof EncryptedKey)) throw error;
      }
      if (attempt === attempts) throw wrongPassphrase(file);
    }
    closed.add(file);
  };
  /** The encrypted keys that this login requires, as far as is known before it. */
  const needed = async (login: Login): Promise<readonly string[]> => {
    try {
      const { usable, locked } = await find(login);
      const nothingElse = usable.length === 0 && login.password === undefined;
      return login.identityFiles !== undefined || nothingElse ? locked : [];
    } catch (error) {
      // The one key of `identity_file`. The login reports every other error.
      return error instanceof EncryptedKey && login.identityFile !== undefined ? [login.identityFile] : [];
    }
  };
  for (const login of all) {
    const tried = new Set<string>();
    for (;;) {
      // Computed again after each key: a default key is not needed once another one is open.
      const file = (await needed(login)).find((one) => !tried.has(one) && !closed.has(one));
      if (file === undefined) break;
      tried.add(file);
      await open(file);
    }
  }
  return opened;
}

async function anyEncrypted(logins: readonly Login[], home: string): Promise<boolean> {
  const files = new Set(
    logins.flatMap(({ identityFile, identityFiles }) =>
      identityFile === undefined ? (identityFiles ?? defaultKeys(home)) : [identityFile],
    ),
  );
  const found = await Promise.all(
    [...files].map(async (file) => {
      const text = await readFile(file, 'latin1').catch(() => '');
      return isEncryptedKey(text);
    }),
  );
  return found.includes(true);
}

function wrongPassphrase(file: string): HealError {
  return new HealError('usage', `cannot open the key ${file}: ${attempts} wrong passphrases`, {
    hint: `check the passphrase with: ssh-keygen -y -f ${file}`,
  });
}
