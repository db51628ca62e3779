import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HealError } from '../../src/core/errors.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { attemptSync, runSync } from '../child.ts';
import { loginOfHome } from './config-home.ts';
import { makeKey, noSshd, type Sshd, startSshd } from './sshd.ts';

/** What the files know: NAME is the server as known_hosts names it, KEY its key, RSA its other one, OTHER another key. */
type Case = readonly [title: string, config: string, first: string, second?: string];

const strict = 'StrictHostKeyChecking yes';
const cases: readonly Case[] = [
  ['its own line', strict, 'NAME KEY'],
  ['no line', strict, ''],
  ['no line, accept-new', 'StrictHostKeyChecking accept-new', ''],
  ['no line, no checking', 'StrictHostKeyChecking no', ''],
  ['another key', strict, 'NAME OTHER'],
  ['another key, accept-new', 'StrictHostKeyChecking accept-new', 'NAME OTHER'],
  ['another key and its own', strict, 'NAME OTHER\nNAME KEY'],
  ['its RSA key alone', strict, 'NAME RSA'],
  ['its RSA key and another ed25519 key', strict, 'NAME RSA\nNAME OTHER'],
  ['a line without the port', strict, '127.0.0.1 KEY'],
  ['another key without the port', strict, '127.0.0.1 OTHER'],
  ['a line of another port', strict, '[127.0.0.1]:1 KEY'],
  ['a pattern', strict, '[127.0.0.?]:* KEY'],
  ['a list with the name', strict, 'other,NAME KEY'],
  ['a list that excludes the name', strict, '*,!NAME KEY'],
  ['a hashed name', strict, 'HASHED'],
  ['the second file', strict, '', 'NAME KEY'],
  ['another key in the second file', strict, 'NAME KEY', 'NAME OTHER'],
  ['a revoked key', strict, 'NAME KEY\n@revoked * KEY'],
  ['a key that is revoked in the second file', strict, 'NAME KEY', '@revoked * KEY'],
  ['a revoked key, accept-new', 'StrictHostKeyChecking accept-new', '@revoked NAME KEY'],
  ['an authority alone', strict, '@cert-authority * KEY'],
  ['an alias', `${strict}\nHostKeyAlias jack.example`, 'jack.example KEY'],
  ['an alias with a port', `${strict}\nHostKeyAlias jack.example`, '[jack.example]:PORT KEY'],
  ['an alias, with the line of the address', `${strict}\nHostKeyAlias jack.example`, 'NAME KEY'],
  ['an alias with another key', 'HostKeyAlias jack.example\nStrictHostKeyChecking accept-new', 'jack.example OTHER'],
  ['the global file', `${strict}\nGlobalKnownHostsFile FILES/third`, ''],
  ['no files', `UserKnownHostsFile none\n${strict}`, 'NAME KEY'],
  ['no files, accept-new', 'UserKnownHostsFile none\nStrictHostKeyChecking accept-new', ''],
];

describe.skipIf(noSshd !== undefined)('a host key is accepted if and only if ssh accepts it', () => {
  let sshd: Sshd;
  let directory = '';
  let other = '';
  beforeAll(async () => {
    sshd = await startSshd();
    directory = mkdtempSync(join(tmpdir(), 'heal-host-keys-'));
    other = readFileSync(`${makeKey(directory, 'other', '-t', 'ed25519')}.pub`, 'utf8');
  });
  afterAll(() => {
    sshd?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test.each(cases.map(([title, ...files]) => [title, files] as const))(
    '%s',
    async (_, [config, first, second = '']) => {
      const { port, key, hostKeys } = sshd;
      const name = `[127.0.0.1]:${port}`;
      const publicKey = readFileSync(`${hostKeys.ed25519}.pub`, 'utf8');
      const words: Readonly<Record<string, string>> = {
        HASHED: hashed(`${name} ${publicKey}`),
        NAME: name,
        PORT: String(port),
        KEY: publicKey.trim(),
        RSA: readFileSync(`${hostKeys.rsa}.pub`, 'utf8').trim(),
        OTHER: other.trim(),
      };
      const fill = (text: string, files: string): string =>
        text.replace(/FILES|HASHED|NAME|PORT|KEY|RSA|OTHER/g, (word) => words[word] ?? files);
      /** Each side has files of its own, as accept-new writes. */
      const homeOf = (side: string): string => {
        const home = mkdtempSync(join(directory, `${side}-`));
        mkdirSync(join(home, '.ssh'));
        for (const [file, text] of Object.entries({ first, second, third: 'NAME KEY' })) {
          writeFileSync(join(home, file), fill(`${text}\n`, home));
        }
        const own = ['HostName 127.0.0.1', `Port ${port}`, `User ${sshd.login().user}`, `IdentityFile ${key}`];
        const known = [`UserKnownHostsFile ${home}/first ${home}/second`, 'GlobalKnownHostsFile none'];
        const rest = ['IdentitiesOnly yes', 'IdentityAgent none', 'BatchMode yes', 'UpdateHostKeys no'];
        writeFileSync(join(home, '.ssh/config'), [fill(config, home), ...own, ...known, ...rest, ''].join('\n'));
        return home;
      };
      const ssh = homeOf('ssh');
      const { code } = attemptSync('ssh', ['-F', join(ssh, '.ssh/config'), 'jack', 'true']);
      const heal = homeOf('heal');
      expect(await accepts(heal)).toBe(code === 0);
      // Without checking ssh writes new keys down, and heal does not.
      if (config.endsWith('Checking no')) return;
      expect(readFileSync(join(heal, 'first'), 'utf8')).toBe(readFileSync(join(ssh, 'first'), 'utf8'));
    },
  );

  async function accepts(home: string): Promise<boolean> {
    const connect = connector({ home, agentSocket: undefined });
    try {
      const connection = await connect(await loginOfHome(home, 'jack'), sh`:`, () => {}, new AbortController().signal);
      await connection.close();
      return true;
    } catch (error) {
      if (error instanceof HealError && error.message.includes('the host key of ')) return false;
      throw error;
    }
  }

  function hashed(line: string): string {
    const file = join(directory, 'hashed');
    writeFileSync(file, line);
    runSync('ssh-keygen', ['-q', '-H', '-f', file]);
    return readFileSync(file, 'utf8').trim();
  }
});
