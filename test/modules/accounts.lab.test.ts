import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { authorizedKey } from '../../src/modules/authorized-key.ts';
import { group } from '../../src/modules/group.ts';
import { user } from '../../src/modules/user.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { labShell } from './lab-shell.ts';
import { converge, factsHere, type Shell } from './on-this-machine.ts';
import { proven, titles } from './proven.ts';

const hash = '$6$saltsalt$Jm2o1dEHqbYcYv3TSbnRGZ8fD9pVZ5Rz7u9y4r8q1bXwO9mT0Qy8h1sQm3jV5e6xQwq1JrX0g4o2mU1cN0l5P.';
const otherHash = hash.replace('saltsalt', 'pepper');

describeLab('accounts on a real host', { hosts: ['bare'] }, (lab) => {
  let tools: Shell = { name: '', sh: '', path: '' };
  const exec = (text: string) => lab().host('bare').exec(text);

  const users = (shell: Shell, args: JsonObject) =>
    converge(shell, user, {
      append: false, create_home: true, move_home: false, system: false, update_password: 'always', state: 'present',
      remove: false, force: false, ...args,
    }); // biome-ignore format: a table
  const groups = (shell: Shell, args: JsonObject) =>
    converge(shell, group, { system: false, state: 'present', ...args });

  beforeAll(() => {
    tools = labShell(lab().host('bare'));
  });

  describe('with shadow-utils', () => {
    test('a group is made, renumbered and removed', () => {
      expect(titles(proven(groups(tools, { name: 'heal-a', system: true })))).toEqual(['create group heal-a']);
      proven(groups(tools, { name: 'heal-b', gid: 4242 }));
      proven(groups(tools, { name: 'heal-b', gid: 4243 }));
      expect(groups(tools, { name: 'heal-a', gid: 4243 }).first.failed).toBe('gid 4243 is that of group heal-b');
      proven(groups(tools, { name: 'heal-b', state: 'absent' }));
      expect(titles(groups(tools, { name: 'heal-b', state: 'absent' }))).toEqual([]);
    });

    test('an account is made, changed in all its parts, and removed', async () => {
      const args = {
        name: 'heal-app', uid: 4300, group: 'heal-a', groups: ['adm'], comment: 'The App', home: '/srv/heal-app',
        shell: '/bin/bash', password: hash,
      }; // biome-ignore format: a table
      proven(users(tools, args));
      expect(
        await exec(
          'getent passwd heal-app; id -nG heal-app; stat -c %U /srv/heal-app; getent shadow heal-app | cut -d: -f2',
        ),
      ).toMatch(/^heal-app:x:4300:\d+:The App:\/srv\/heal-app:\/bin\/bash\nheal-a adm\nheal-app\n/);
      expect(await exec('getent shadow heal-app')).toContain(`:${hash}:`);
      expect(titles(users(tools, args))).toEqual([]);
      proven(users(tools, { name: 'heal-app', groups: ['users'], append: true }));
      proven(users(tools, { name: 'heal-app', groups: ['users'], shell: '/bin/sh', comment: '', uid: 4301 }));
      expect(titles(proven(users(tools, { name: 'heal-app', password: otherHash })))).toEqual([
        'user heal-app: set the password',
      ]);
      proven(users(tools, { name: 'heal-app', home: '/srv/moved', move_home: true }));
      proven(users(tools, { name: 'heal-app', group: 'users' }));
      expect(await exec('id -nG heal-app; stat -c %U /srv/moved')).toBe('users\nheal-app\n');
      const gone = users(tools, { name: 'heal-app', state: 'absent', remove: true });
      expect([gone.applied[0]?.code, gone.after.changes]).toEqual([0, []]);
      await exec('[ ! -e /srv/moved ]');
    });

    test('a group of the same name becomes its own', async () => {
      proven(groups(tools, { name: 'heal-c', gid: 4400 }));
      proven(users(tools, { name: 'heal-c', create_home: false, system: true }));
      expect(await exec('id -g heal-c; ls /home')).not.toMatch(/heal-c/);
      expect(await exec('id -g heal-c')).toBe('4400\n');
    });

    test("what the host's tools refuse is told in their words", () => {
      const done = users(tools, { name: 'heal-d', group: 'no-such-group' });
      expect(done.applied[0]).toMatchObject({ code: 1, stderr: expect.stringContaining("'no-such-group'") });
    });
  });

  describe('keys', () => {
    const one = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl coach@laptop';
    const two = one.replace('OMqq', 'OMqr').replace('laptop', "it's mine $(id)");
    const file = '/home/heal-g/.ssh/authorized_keys';
    const run = (args: JsonObject) =>
      converge(
        tools,
        authorizedKey,
        { user: 'heal-g', exclusive: false, state: 'present', ...args },
        { facts: { ...factsHere, user: 'root' } },
      );

    test('a key is added for an account that has none yet, and others stay', async () => {
      proven(users(tools, { name: 'heal-g', shell: '/usr/sbin/nologin' }));
      expect(titles(proven(run({ key: one })))).toEqual(['keys of heal-g: add coach@laptop']);
      expect(await exec(`stat -c '%a %U:%G' ${file} /home/heal-g/.ssh; ls -A /home/heal-g/.ssh`)).toBe(
        '600 heal-g:heal-g\n700 heal-g:heal-g\nauthorized_keys\n',
      );
      await exec(`printf '# mine\\nrestrict %s\\n' '${one}' >${file}`);
      expect(titles(run({ key: one }))).toEqual([]);
      proven(run({ key: two }));
      proven(run({ key: `${one}\n${two}`, key_options: 'no-pty,from="192.0.2.1"' }));
      expect(await exec(`cat ${file}`)).toBe(
        `# mine\nno-pty,from="192.0.2.1" ${one}\nno-pty,from="192.0.2.1" ${two}\n`,
      );
      proven(run({ key: two, exclusive: true }));
      proven(run({ key: two, state: 'absent' }));
      expect(await exec(`cat ${file}`)).toBe('# mine\n');
    });

    test('owner and mode that sshd would not accept are mended', async () => {
      await exec(`chown root:root /home/heal-g/.ssh ${file}; chmod 755 /home/heal-g/.ssh; chmod 664 ${file}`);
      proven(run({ key: one }));
      expect(await exec(`stat -c '%a %U' ${file} /home/heal-g/.ssh`)).toBe('600 heal-g\n700 heal-g\n');
    });

    test('a link is not written through', async () => {
      await exec(`ln -sf /etc/passwd ${file}`);
      expect(run({ key: two }).first.failed).toBe(`${file} is a link`);
      await exec('rm -r /home/heal-g/.ssh; ln -s /root/.ssh /home/heal-g/.ssh');
      expect(run({ key: two }).first.failed).toBe('/home/heal-g/.ssh is a link');
    });

    test("root's own keys", async () => {
      const before = await exec('cat /root/.ssh/authorized_keys 2>/dev/null || true');
      proven(run({ user: 'root', key: two }));
      expect(await exec('cat /root/.ssh/authorized_keys')).toBe(`${before}${two}\n`);
      proven(run({ user: 'root', key: two, state: 'absent' }));
      expect(await exec('cat /root/.ssh/authorized_keys')).toBe(before);
      expect(run({ user: 'no-one-here', key: two }).first.failed).toBe('there is no user no-one-here on this host');
    });
  });
});
