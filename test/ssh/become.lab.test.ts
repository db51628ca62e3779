import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runsAllCases } from '../all-cases.ts';
import { startChild } from '../child.ts';
import { healEntry, type Transcript } from '../cli/built.ts';
import { inventoryOf, playOf, recapOf, type Workplace, workplace } from '../faults/project.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { until } from '../until.ts';
import { accounts, password, rootPassword, tasks } from './become-accounts.ts';

const users = runsAllCases ? ['coach', 'free'] : ['coach'];

describeLab('sudo with a password', { hosts: ['jack4'] }, (lab) => {
  let place: Workplace;
  const host = () => lab().host('jack4');
  const projectFor = (user: string, more: object = {}): string =>
    place.project({
      'inventory/hosts.yml': inventoryOf([host()], { jack4: { user } }),
      'inventory/group_vars/all.yml': 'become_password: !secret-env SUDO_PASSWORD\n',
      'tasks/site.yml': playOf(tasks, more),
      'tasks/id.yml': playOf([{ name: 'Who', command: { cmd: 'id -un', readonly: true }, become: true }]),
      'files/large': 'x'.repeat(300_000),
      'files/tree/a/b': 'x'.repeat(100_000),
    });
  const run = (project: string, given: string, ...args: string[]): Promise<Transcript> =>
    place.heal(project, args, { SUDO_PASSWORD: given });
  /** How often sudo was given a wrong password so far. */
  const refused = async (): Promise<number> =>
    Number(await host().exec("journalctl -q _COMM=sudo --no-pager | grep -c 'incorrect password attempt' || true"));

  beforeAll(async () => {
    place = workplace();
    await host().exec(accounts);
  });
  afterAll(() => place?.remove());

  test.each(users)('%s becomes root and others, task by task', async (user) => {
    await host().exec('rm -rf /etc/heal-test /etc/heal-large /home/app/large /home/app/tree');
    const project = projectFor(user);
    const first = await run(project, password, 'run', 'site', '-v');
    expect(first.code, first.stdout + first.stderr).toBe(0);
    expect(first.stdout).toContain(`as root app ${user} ${user}`);
    expect(recapOf(first.stdout, 'jack4')).toMatchObject({ changed: 5, failed: 0 });
    expect(await host().exec('cd /home/app; stat -c "%U %s" /etc/heal-test /etc/heal-large large tree/a/b')).toBe(
      'root 7\nroot 300000\napp 300000\napp 100000\n',
    );
    expect(readFileSync(join(project, 'fetched/test'), 'utf8')).toBe('secret\n');
    expect(recapOf((await run(project, password, 'run', 'site')).stdout, 'jack4')).toMatchObject({ changed: 0 });
    expect(await refused()).toBe(0);
  });

  if (runsAllCases)
    test.each(users)('%s is root for the whole login with -b', async (user) => {
      await host().exec('rm -rf /etc/heal-test /etc/heal-large /home/app/large /home/app/tree');
      const { code, stdout, stderr } = await run(projectFor(user), password, 'run', 'site', '-b', '-v');
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toContain(`as root app root ${user}`);
      expect(await host().exec('stat -c "%U %s" /etc/heal-large')).toBe('root 300000\n');
    });

  test('an account for which sudo requires no password is given none', async () => {
    const { code, stdout, stderr } = await run(projectFor('mixed'), password, 'run', 'site', '-v');
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain('as root app mixed mixed');
  });

  test.each([
    ['task by task', []],
    ['for the whole login', ['-b']],
  ])('a wrong password costs one attempt, %s, and is named', async (_how, args) => {
    const before = await refused();
    const { code, stdout, stderr } = await run(projectFor('coach'), 'wrong-one', 'run', 'site', ...args);
    expect(code, stdout + stderr).toBe(4);
    expect(stdout).toMatch(/jack4 \| unreachable \| sudo on .* does not accept the become password of coach/);
    expect(await refused()).toBe(before + 1);
  });

  test('the password is in no output, no log and no list of processes of the host', async () => {
    const project = projectFor('coach');
    const watch = startChild('nsenter', [
      '-a',
      '-t',
      String(host().pid),
      '--',
      'sh',
      '-c',
      'while :; do ps axww -o args; done',
    ]);
    let seen = '';
    watch.child.stdout?.on('data', (text: string) => {
      seen += text;
    });
    await watch.firstLine;
    for (const more of [['-vv'], ['-o', 'json', '-b']]) {
      const { code, stdout, stderr } = await run(project, password, 'run', 'site', ...more);
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain(password);
    }
    await watch.stop();
    expect(seen).toContain('sudo');
    expect(seen).not.toContain('pa$$');
    expect(await host().exec("journalctl -q --no-pager | grep -cF 'pa$$' || true")).toBe('0\n');
  });

  test('a sudo that requires a terminal is named, with the line that exempts the user', async () => {
    await host().exec("sed -i '1i Defaults requiretty' /etc/sudoers");
    try {
      const project = projectFor('free');
      expect((await run(project, password, 'run', 'id')).stdout).toContain('sorry, you must have a tty to run sudo');
      const refused = await run(project, password, 'run', 'id', '-b');
      expect(refused).toMatchObject({ code: 4 });
      await host().exec(/hint: exempt the login user: (.*) \(as root\)$/m.exec(refused.stdout)?.[1] ?? 'false');
      for (const args of [[], ['-b']]) {
        const again = await run(project, password, 'run', 'id', ...args);
        expect(again.code, again.stdout).toBe(0);
      }
    } finally {
      await host().exec('rm -f /etc/sudoers.d/free-tty; sed -i 1d /etc/sudoers');
    }
  });

  describe('with su and the password of root', () => {
    const suProject = (more: object = {}, vars: object = {}): string =>
      place.project({
        'inventory/hosts.yml': inventoryOf([host()], { jack4: { user: 'coach', ...vars } }),
        'inventory/group_vars/all.yml': 'become_password: !secret-env SUDO_PASSWORD\n',
        'tasks/site.yml': playOf(tasks, more),
        'tasks/default.yml': playOf([
          { name: 'Who', command: { cmd: 'id -un', readonly: true }, become: true, register: 'who' },
          { name: 'Name', debug: { msg: 'as {{ who.stdout }}' } },
        ]),
        'files/large': 'x'.repeat(300_000),
        'files/tree/a/b': 'x'.repeat(100_000),
      });
    const refusedBySu = async (): Promise<number> =>
      Number(await host().exec("journalctl -q _COMM=su --no-pager | grep -c 'authentication failure' || true"));

    test.each([
      ['task by task', [], 'coach'],
      ['for the whole login', ['-b'], 'root'],
    ])('an account without sudo becomes root and others, %s', async (_how, args, own) => {
      await host().exec('rm -rf /etc/heal-test /etc/heal-large /home/app/large /home/app/tree');
      const project = suProject({}, { become_method: 'su' });
      const first = await run(project, rootPassword, 'run', 'site', '-v', ...args);
      expect(first.code, first.stdout + first.stderr).toBe(0);
      expect(first.stdout).toContain(`as root app ${own} coach`);
      expect(first.stdout + first.stderr).not.toContain(rootPassword);
      expect(await host().exec('cd /home/app; stat -c "%U %s" /etc/heal-test /etc/heal-large large tree/a/b')).toBe(
        'root 7\nroot 300000\napp 300000\napp 100000\n',
      );
      expect(readFileSync(join(project, 'fetched/test'), 'utf8')).toBe('secret\n');
      const second = await run(project, rootPassword, 'run', 'site', ...args);
      expect(recapOf(second.stdout, 'jack4')).toMatchObject({ changed: 0 });
      expect(await refusedBySu()).toBe(0);
    });

    test.each([
      ['its inventory', { become_method: 'su', become_user: 'app' }, []],
      ['the command line', {}, ['--become-method', 'su', '--become-user', 'app']],
      ['-b and the command line', {}, ['-b', '--become-method', 'su', '--become-user', 'app']],
    ])('a task with become becomes the user of %s', async (_, vars, args) => {
      const { code, stdout, stderr } = await run(suProject({}, vars), rootPassword, 'run', 'default', '-v', ...args);
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toContain('as app');
    });

    test.each([
      ['task by task', []],
      ['for the whole login', ['-b']],
    ])('a wrong password costs one attempt, %s, and is named', async (_how, args) => {
      const before = await refusedBySu();
      const project = suProject({}, { become_method: 'su' });
      const { code, stdout, stderr } = await run(project, 'wrong-one', 'run', 'site', ...args);
      expect(code, stdout + stderr).toBe(4);
      expect(stdout).toMatch(/jack4 \| unreachable \| su on .* does not accept the become password \(that of root\)/);
      expect(await refusedBySu()).toBe(before + 1);
    });

    if (runsAllCases)
      test.each([[[]], [['-b']]])('an account that su trusts needs none, but may give one: %j', async (args) => {
        await host().exec('groupadd -f trusted; usermod -aG trusted coach; cp -p /etc/pam.d/su /root/pam-su');
        await host().exec('sed -i "1i auth sufficient pam_wheel.so trust group=trusted" /etc/pam.d/su');
        try {
          const project = suProject({}, { become_method: 'su' });
          const { code, stdout, stderr } = await run(project, 'not read', 'run', 'site', '-v', ...args);
          expect(code, stdout + stderr).toBe(0);
          expect(stdout).toContain('as root app');
        } finally {
          await host().exec('cp -p /root/pam-su /etc/pam.d/su; gpasswd -d coach trusted');
        }
      });
  });

  test('-K asks for it, without showing it', async () => {
    const project = place.project({
      'inventory/hosts.yml': inventoryOf([host()], { jack4: { user: 'coach' } }),
      'tasks/id.yml': playOf([{ name: 'Who', command: { cmd: 'id -un', readonly: true }, become: true }]),
    });
    const line = `${process.execPath} ${healEntry} run id -K -v`;
    const started = startChild('script', ['-qec', line, '/dev/null'], {
      cwd: project,
      env: { PATH: process.env['PATH'] ?? '', HOME: project, TERM: 'dumb' },
      stdin: 'pipe',
    });
    let shown = '';
    started.child.stdout?.on('data', (text: string) => {
      shown += text;
    });
    await until('the question', () => shown.includes('BECOME password: '));
    started.child.stdin?.write(`${password}\r`);
    const { code } = await started.ended;
    expect(code, shown).toBe(0);
    expect(shown).toMatch(/changed=0/);
    expect(shown).not.toContain('pa$$');
  });

  describe('without a terminal', () => {
    test('-K is an error that names the variable', async () => {
      const { code, stderr } = await run(projectFor('coach'), password, 'run', 'id', '-K');
      expect({ code, stderr }).toEqual({
        code: 5,
        stderr:
          'error: --ask-become-pass needs a terminal to ask on\nhint: put the password into the inventory: become_password: !secret-env NAME\n',
      });
    });
  });
});
