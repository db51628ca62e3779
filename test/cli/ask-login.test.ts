import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSync } from '../child.ts';
import { makeKey, noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { buildHeal, folderWith, runHeal } from './built.ts';
import { runInTerminal } from './pty.ts';

let heal: ReturnType<typeof buildHeal>;
let sshd: Sshd;
beforeAll(async () => {
  heal = buildHeal();
  if (noSshd === undefined) sshd = await startSshd();
});
afterAll(() => {
  heal?.remove();
  sshd?.stop();
});

/** A project of two hosts, which are one sshd. */
function projectWith(vars: Readonly<Record<string, string>>): string {
  const { user, port, knownHosts } = { ...sshd, user: sshd.login().user };
  const all = { address: '127.0.0.1', port, user, known_hosts_file: knownHosts, ...vars };
  return folderWith({
    'inventory/hosts.yml': `all: { vars: ${JSON.stringify(all)}, hosts: { jack4: , jack5: } }\n`,
    'tasks/site.yml': '- hosts: all\n  tasks: [{ name: One, command: echo one, changed_when: false }]\n',
  });
}

describe.skipIf(noSshd !== undefined)(`on a terminal${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  test('the passphrase of a key is asked once for all hosts, before anything is drawn, and is never shown', async () => {
    runSync('cp', [sshd.key, `${sshd.folder}/locked`]);
    const key = `${sshd.folder}/locked`;
    runSync('ssh-keygen', ['-q', '-p', '-N', 'open sesame', '-a', '1', '-f', key]);
    const cwd = projectWith({ identity_file: key });
    const question = `Enter passphrase for key '${key}': `;
    const { code, text, raw } = await runInTerminal(heal.entry, ['run', 'site'], {
      cwd,
      dialogue: [
        [question, 'wrong one'],
        [`That passphrase is wrong. ${question}`, 'open sesame'],
      ],
    });
    expect(code).toBe(0);
    expect(text.split('\n').slice(0, 3)).toEqual([
      question,
      `That passphrase is wrong. ${question}`,
      'PLAY [all]  2 hosts, 1 task',
    ]);
    expect(text).toContain('jack5');
    expect(raw).not.toMatch(/wrong one|sesame/);
    const piped = await runHeal(heal.entry, ['ping', 'jack4'], { cwd });
    expect(piped.stdout).toContain(`${key} is encrypted, and its passphrase was not given\n`);
    expect(piped.stdout).toContain(`hint: open it for the agent: ssh-add ${key}\n`);
  });

  test('three wrong passphrases end the command before any connection', async () => {
    const key = makeKey(sshd.folder, 'other', '-t', 'ed25519', '-N', 'open sesame', '-a', '1');
    const before = sshd.connections();
    const { code, text } = await runInTerminal(heal.entry, ['ping'], {
      cwd: projectWith({ identity_file: key }),
      dialogue: [1, 2, 3].map(() => [`Enter passphrase for key '${key}': `, 'wrong one']),
    });
    expect(code).toBe(5);
    expect(text).toContain(`error: cannot open the key ${key}: 3 wrong passphrases\n`);
    expect(sshd.connections()).toBe(before);
  });
});
