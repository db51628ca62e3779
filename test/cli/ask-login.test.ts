import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attemptSync, runSync } from '../child.ts';
import { makeKey, noPasswords, noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { directoryWith, healEntry, runHeal } from './built.ts';
import { runInTerminal } from './pty.ts';

let sshd: Sshd;
beforeAll(async () => {
  if (noSshd === undefined) sshd = await startSshd();
});
afterAll(() => {
  sshd?.stop();
});

/** A project of two hosts, which are one sshd. */
function projectWith(vars: Readonly<Record<string, string>>, server = sshd): string {
  const { user, port, knownHosts } = { ...server, user: server.login().user };
  const all = { address: '127.0.0.1', port, user, known_hosts_file: knownHosts, ...vars };
  return directoryWith({
    'inventory/hosts.yml': `all: { vars: ${JSON.stringify(all)}, hosts: { jack4: , jack5: } }\n`,
    'tasks/site.yml': '- hosts: all\n  tasks: [{ name: One, command: echo one, changed_when: false }]\n',
  });
}

describe.skipIf(noSshd !== undefined)(`on a terminal${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  test('the passphrase of a key is asked once for all hosts, before anything is drawn, and is never shown', async () => {
    runSync('cp', [sshd.key, `${sshd.directory}/locked`]);
    const key = `${sshd.directory}/locked`;
    runSync('ssh-keygen', ['-q', '-p', '-N', 'open sesame', '-a', '1', '-f', key]);
    const cwd = projectWith({ identity_file: key });
    const question = `Enter passphrase for key '${key}': `;
    const { code, text, raw } = await runInTerminal(healEntry, ['run', 'site'], {
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
    const piped = await runHeal(healEntry, ['ping', 'jack4'], { cwd });
    expect(piped.stdout).toContain(`${key} is encrypted, and its passphrase was not given\n`);
    expect(piped.stdout).toContain(`hint: open it for the agent: ssh-add ${key}\n`);
  });

  test('three wrong passphrases end the command before any connection', async () => {
    const key = makeKey(sshd.directory, 'other', '-t', 'ed25519', '-N', 'open sesame', '-a', '1');
    const before = sshd.connections();
    const { code, text } = await runInTerminal(healEntry, ['ping'], {
      cwd: projectWith({ identity_file: key }),
      dialogue: [1, 2, 3].map(() => [`Enter passphrase for key '${key}': `, 'wrong one']),
    });
    expect(code).toBe(5);
    expect(text).toContain(`error: cannot open the key ${key}: 3 wrong passphrases\n`);
    expect(sshd.connections()).toBe(before);
  });

  test('an unknown host key is shown before anything is drawn, and yes or its fingerprint adds it', async () => {
    const key = readFileSync(sshd.knownHosts, 'utf8').split(' ').slice(1, 3).join(' ');
    const fingerprint = runSync('ssh-keygen', ['-l', '-f', sshd.knownHosts]).split(' ')[1] ?? '';
    for (const answer of ['yes', fingerprint]) {
      const file = join(directoryWith({}), 'known_hosts');
      const cwd = projectWith({ identity_file: sshd.key, known_hosts_file: file });
      const { code, text } = await runInTerminal(healEntry, ['run', 'site'], {
        cwd,
        dialogue: [
          ['(yes/no/[fingerprint])? ', 'what'],
          ['Please type yes, no or the fingerprint: ', answer],
        ],
      });
      expect(code).toBe(0);
      expect(text.split('\n').slice(0, 5)).toEqual([
        `The authenticity of host jack4 (127.0.0.1 port ${sshd.port}) can't be established: its key is not in ${file}.`,
        `ED25519 key fingerprint is ${fingerprint}.`,
        'Are you sure you want to continue connecting (yes/no/[fingerprint])? what',
        `Please type yes, no or the fingerprint: ${answer}`,
        'PLAY [all]  2 hosts, 1 task',
      ]);
      // Debian's /etc/ssh/ssh_config has HashKnownHosts yes.
      expect(readFileSync(file, 'utf8').split(' ').slice(1).join(' ')).toBe(`${key}\n`);
    }
  });

  test.each(['no', ''])('the answer %j to it skips the host, and Ctrl-C ends the command', async (answer) => {
    const file = join(directoryWith({}), 'known_hosts');
    const cwd = projectWith({ identity_file: sshd.key, known_hosts_file: file });
    const question = '(yes/no/[fingerprint])? ';
    const refused = await runInTerminal(healEntry, ['ping'], { cwd, dialogue: [[question, answer]] });
    expect(refused.code).toBe(4);
    expect(refused.text).toMatch(/jack5 \| unreachable \| the host key of .* is unknown: ssh-ed25519 SHA256:/);
    const stopped = await runInTerminal(healEntry, ['ping'], { cwd, dialogue: [[question, '\x03']] });
    expect(stopped.text).toContain('interrupted');
    expect(stopped.text).not.toContain('jack5 |');
    expect(existsSync(file)).toBe(false);
  });

  test('without a terminal nothing is asked, and the error shows how to add the key', async () => {
    const file = join(directoryWith({}), 'known_hosts');
    const { code, stdout } = await runHeal(healEntry, ['ping', 'jack4'], {
      cwd: projectWith({ identity_file: sshd.key, known_hosts_file: file }),
    });
    expect(code).toBe(4);
    expect(stdout).toContain(`then run: ssh-keyscan -t ed25519 -p ${sshd.port} 127.0.0.1 >> ${file}`);
  });
});

describe.skipIf(noPasswords !== undefined)(
  `passwords${noPasswords === undefined ? '' : ` (skipped: ${noPasswords})`}`,
  () => {
    const account = { user: 'healtest', password: 'open sesame' };
    let server: Sshd;
    beforeAll(async () => {
      server = await startSshd(['PasswordAuthentication yes', 'UsePAM yes'], account);
    });
    afterAll(() => server?.stop());
    const project = (vars: Readonly<Record<string, string>> = {}): string =>
      projectWith({ ...vars, user: account.user }, server);

    test.each([
      ['run', 'site', '-k'],
      ['ping', '--ask-pass'],
    ])('%s asks for one password for all hosts', async (...args) => {
      const cwd = project();
      const { code, text, raw } = await runInTerminal(healEntry, args, {
        cwd,
        dialogue: [['SSH password: ', account.password]],
      });
      expect(code).toBe(0);
      expect(text).toMatch(/^SSH password: \n[\s\S]*jack5/);
      expect(raw).not.toContain('sesame');
      expect(text.match(/password/g)).toHaveLength(1);
      // Records of the run, if there are any.
      const found = attemptSync('grep', ['-r', 'sesame', cwd]);
      expect(found.code).toBe(1);
    });

    test('a wrong password is a plain error for each host', async () => {
      const { code, text } = await runInTerminal(healEntry, ['ping', '-k'], {
        cwd: project(),
        dialogue: [['SSH password: ', 'wrong one']],
      });
      expect(code).toBe(4);
      for (const host of ['jack4', 'jack5']) {
        expect(text).toContain(
          `${host} | unreachable | 127.0.0.1 port ${server.port} refused the password of healtest\n`,
        );
      }
      expect(text).not.toContain('wrong one');
    });

    test('without a terminal --ask-pass is an error that names the inventory', async () => {
      const { code, stderr } = await runHeal(healEntry, ['ping', '-k'], { cwd: project() });
      expect([code, stderr]).toEqual([
        5,
        'error: --ask-pass needs a terminal to ask on\nhint: put the password into the inventory: ansible_password: !secret-env NAME\n',
      ]);
    });

    test('a secret of the inventory logs in without a question', async () => {
      const cwd = project();
      mkdirSync(join(cwd, 'inventory/group_vars'));
      writeFileSync(join(cwd, 'inventory/group_vars/all.yml'), 'ansible_password: !secret-env PASSWORD\n');
      const env = { PASSWORD: account.password };
      const { code, stdout, stderr } = await runHeal(healEntry, ['run', 'site', '-vv'], { cwd, env });
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).not.toContain('sesame');
      const plain = project({ ansible_password: account.password });
      const refused = await runHeal(healEntry, ['ping'], { cwd: plain });
      expect(refused.code).toBe(5);
      expect(refused.stderr).toContain('error: "ansible_password" must be a secret\n');
      expect(refused.stderr).toContain('hint: write !secret-env NAME or !secret-file FILE\n');
      expect(refused.stderr).not.toContain('sesame');
    });
  },
);
