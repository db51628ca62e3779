import { beforeAll, expect, test } from 'vitest';
import { directoryWith, healEntry, runHeal } from '../cli/built.ts';
import { describeLab } from '../lab/lab-suite.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl coach@laptop';

/** Modules that meet on the same paths and accounts, as the site's roles use them. */
const playbook = `- name: One site
  hosts: all
  vars: { app_uid: 101000 }
  tasks:
    - name: The app has a group
      group: { name: app, gid: 4600 }
    - name: The app has an account
      user: { name: app, uid: 4600, group: app, shell: /bin/sh, home: /srv/app }
    - name: Coach's key opens it
      authorized_key: { user: app, key: "${key}" }
    - name: The shared directory is there
      directory: { path: /srv/shared, mode: "0750" }
    - name: The settings are in place
      copy: { content: "one\\n", dest: /srv/shared/settings, mode: "0600" }
    - name: The container may write there
      acl: { path: /srv/shared, user: "{{ app_uid }}", files: rw, directories: rwx, recursive: true, default: also }
    - name: The settings are still private otherwise
      file: { path: /srv/shared/settings, mode: "0600" }
    - name: The notes are in place
      copy: { content: "two\\n", dest: /srv/shared/notes, mode: "0600" }
    - name: ACLs are looked after
      cron: { name: app-acls, schedule: "*/10 * * * *", job: "setfacl -m u:{{ app_uid }}:rwx /srv/shared" }
    - name: The app is looked at
      timer: { name: app-look, script: "echo looked >/run/app-look", on_unit_active: 1s, accuracy: 100ms }
    - name: It was looked at
      wait_for: { path: /run/app-look, search_regex: looked, timeout: 30 }
      changed_when: false
    - name: The uid of the app is asked
      command: { cmd: id -u app, readonly: true }
      register: asked
    - name: It is a variable
      set_fact: { its_uid: "{{ asked.stdout }}", directories: [/srv/a, /srv/b] }
    - name: The script has run
      script: { cmd: "mark.sh {{ its_uid }}", creates: /srv/shared/mark }
    - name: All of it is known
      assert: { that: ["its_uid == '4600'", "directories.size() == 2"] }
`;

const links = `- hosts: all
  tasks:
    - name: The unit has another section
      copy:
        dest: /etc/systemd/system/linked.service
        content: "[Service]\\nExecStart=/bin/sleep 901\\n[Install]\\nWantedBy=multi-user.target timers.target\\n"
    - name: It is enabled
      systemd: { name: linked, enabled: true, state: started }
`;
const down = `- hosts: all
  tasks:
    - name: It never starts
      systemd: { name: linked, enabled: false, masked: true, state: stopped }
`;

describeLab('modules that meet on a real host', { hosts: ['jack4'] }, (lab) => {
  let project: string;
  const exec = (text: string) => lab().host('jack4').exec(text);
  const run = (...args: string[]) => runHeal(healEntry, args, { cwd: project, env: {} });
  const statuses = (text: string): string[] =>
    text.split('\n').flatMap((line) => /^jack4 \| (.*)$/.exec(line)?.[1]?.replace(/ +/g, ' ') ?? []);

  beforeAll(() => {
    project = directoryWith({
      'inventory/hosts.yml': [
        'all:',
        `  vars: { user: root, identity_file: ${lab().identityFile}, known_hosts_file: ${lab().knownHostsFile} }`,
        `  hosts: { jack4: { address: ${lab().host('jack4').address} } }`,
        '',
      ].join('\n'),
      'tasks/site.yml': playbook,
      'tasks/links.yml': links,
      'tasks/down.yml': down,
      'files/mark.sh': '#!/bin/sh\r\necho "$1" >/srv/shared/mark\r\n',
    });
  });

  test('a plan changes nothing, a run changes it once, and then all of it holds', async () => {
    const look = 'ls -ld /srv/* /etc/cron.d/* /etc/systemd/system/*; getent passwd; getfacl -R /srv 2>/dev/null';
    const before = await exec(look);
    const plan = await run('plan', 'site');
    expect(plan).toMatchObject({ code: 0, stderr: '' });
    expect(plan.stdout).not.toMatch(/\| ok .*(account|container|looked at|script)/);
    expect(await exec(look)).toBe(before);

    const first = await run('run', 'site');
    expect([first.code, first.stderr, first.stdout.includes('the host differs again')], first.stdout).toEqual([
      0,
      '',
      false,
    ]);
    expect(first.stdout).toMatch(/jack4 +: ok=15 +changed=10 +unreachable=0 +failed=0 /);
    expect(await exec('getfacl -cpn /srv/shared/notes; cat /srv/shared/mark; stat -c %a /srv/app/.ssh')).toMatch(
      /^user::rw-\nuser:101000:rwx.*\ngroup::r-x.*\nmask::rw-\nother::---\n\n4600\n700\n$/,
    );
    const second = await run('run', 'site');
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(statuses(second.stdout)).toEqual([]);
    expect(second.stdout).toMatch(/jack4 +: ok=15 +changed=0 /);
    expect((await run('plan', 'site')).stdout).toContain('plan: jack4: nothing to do\n');
  });

  test("a mask that a program's own mode left is mended by the next run", async () => {
    await exec('umask 077; echo new >/srv/shared/secret; chmod 600 /srv/shared/secret');
    expect(await exec('getfacl -cpn /srv/shared/secret')).toContain('mask::---');
    const { stdout } = await run('run', 'site');
    expect(stdout).toMatch(
      /grant rw \(files\) and rwx \(directories\) to user 101000, also by default, on 1 of \d+ paths/,
    );
    expect(await exec('getfacl -cpn /srv/shared/secret')).toMatch(/user:101000:rw-\ngroup::---\nmask::rw-/);
  });

  test('a unit has the links of its new [Install] section, and none after it was disabled and masked at once', async () => {
    const links = "find /etc/systemd/system -name linked.service -path '*.wants/*' | sort";
    await exec(`printf '[Service]\\nExecStart=/bin/sleep 900\\n[Install]\\nWantedBy=multi-user.target\\n' >/usr/lib/systemd/system/linked.service
      systemctl daemon-reload; systemctl enable --now linked`);
    const first = await run('run', 'links');
    expect([first.code, first.stderr], first.stdout).toEqual([0, '']);
    expect(first.stdout).toContain('enable linked.service');
    expect(await exec(links)).toMatch(/\/multi-user\.target\.wants\/.*\n.*\/timers\.target\.wants\/linked\.service\n$/);
    expect((await run('run', 'links')).stdout).toMatch(/changed=0 /);
    await exec('rm /etc/systemd/system/linked.service; systemctl daemon-reload');
    const second = await run('run', 'down');
    expect([second.code, second.stderr], second.stdout).toEqual([0, '']);
    expect(await exec(`${links}; systemctl is-enabled linked; systemctl is-active linked; true`)).toBe(
      'masked\ninactive\n',
    );
    expect((await run('run', 'down')).stdout).toMatch(/changed=0 /);
  });
});
