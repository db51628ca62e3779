import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { type Files, inventoryOf, playOf, recapOf, treeOf, type Workplace, workplace } from './project.ts';

const directories = ['/etc', '/root', '/srv', '/usr/local', '/var/lib/heal', '/opt'];

describeLab('a run that can not be, on a real host', { hosts: ['jack4'] }, (lab) => {
  let place: Workplace;
  let before = '';
  const host = (): LabHost => lab().host('jack4');
  beforeAll(async () => {
    place = workplace();
    await host().exec('mkdir -p /var/lib/heal; useradd -m coach');
    before = await treeOf(host(), directories);
  });
  afterAll(() => place?.remove());

  const tasks = [
    { name: 'A file that must not come', copy: { content: 'x\n', dest: '/srv/came' } },
    { name: 'A command that must not run', command: 'touch /srv/ran' },
  ];
  const project = (files: Files = {}, vars: Readonly<Record<string, unknown>> = {}): string =>
    place.project({
      'inventory/hosts.yml': inventoryOf([host()], { jack4: vars }),
      'tasks/site.yml': playOf(tasks),
      ...files,
    });

  test.each<[string, object]>([
    ['an unknown module', { name: 'x', tempalte: { src: 'a' } }],
    ['a missing variable', { name: 'x', command: 'echo {{ gone }}' }],
    ['a missing variable in a condition', { name: 'x', command: 'true', when: 'zz && false' }],
    ['a mode that is a number', { name: 'x', copy: { content: 'a', dest: '/srv/x', mode: 644 } }],
    ['a missing template', { name: 'x', template: { src: 'a.hbs', dest: '/srv/x' } }],
  ])('%s in the last task ends with 5, and the first ones were not begun', async (_name, task) => {
    const { code, stdout } = await place.heal(project({ 'tasks/site.yml': playOf([...tasks, task]) }), ['run', 'site']);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(await treeOf(host(), directories)).toBe(before);
  });

  test('a member of the facts that there is not fails its task with a hint, not the program', async () => {
    const { code, stdout } = await place.heal(
      project({ 'tasks/site.yml': playOf([{ name: 'x', command: 'echo {{ facts.oss }}' }, ...tasks]) }),
      ['run', 'site'],
    );
    expect(code).toBe(2);
    expect(stdout).toContain('facts has no key "oss"\n    hint: did you mean "os"?\n');
    expect(await treeOf(host(), directories)).toBe(before);
  });

  test('a host key that is not known is refused, with its fingerprint and the line to run', async () => {
    const { code, stdout } = await place.heal(
      project({ known_hosts: '' }, { known_hosts_file: 'known_hosts', connect_timeout: 5 }),
      ['run', 'site'],
    );
    expect(code).toBe(4);
    const { address } = host();
    expect(stdout).toMatch(
      new RegExp(
        `jack4 \\| unreachable \\| the host key of ${address} is unknown: ssh-ed25519 SHA256:\\S+ is not in PROJECT/known_hosts\n` +
          `    hint: compare that fingerprint with the host's own, then run: ssh-keyscan -t ed25519 -p 22 ${address} >> PROJECT/known_hosts \\(or set host_key_checking: accept-new\\)\n`,
      ),
    );
    expect(stdout).toMatch(/jack4 +: ok=0 +changed=0 +unreachable=1 +failed=0 /);
    expect(await treeOf(host(), directories)).toBe(before);
  });

  test('a host key that has changed is refused, with the line of the file that has the other one', async () => {
    const { address, knownHostsFile } = host();
    const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGQ2b0FzZGZnaGprbDtxd2VydHl1aW9wenhjdmJubQo=';
    const type = readFileSync(knownHostsFile, 'utf8')
      .split('\n')
      .find((line) => line.includes('ed25519'))
      ?.split(' ')[1];
    expect(type).toBe('ssh-ed25519');
    const { code, stdout } = await place.heal(
      project({ known_hosts: `# mine\n${address} ${other}\n` }, { known_hosts_file: 'known_hosts' }),
      ['run', 'site'],
    );
    expect(code).toBe(4);
    expect(stdout).toContain(`the host key of ${address} has changed: it showed ssh-ed25519 SHA256:`);
    expect(stdout).toContain(`but PROJECT/known_hosts:2 has ssh-ed25519 SHA256:`);
    expect(stdout).toContain(`ssh-keygen -R '${address}' -f PROJECT/known_hosts\n`);
    expect(await treeOf(host(), directories)).toBe(before);
  });

  test('a key that the host does not take', async () => {
    const directory = project();
    await host().exec('ssh-keygen -q -t ed25519 -N "" -f /run/other </dev/null');
    const key = await host().exec('cat /run/other');
    const own = project({ 'other.key': key }, { identity_file: 'other.key' });
    const { code, stdout } = await place.heal(own, ['run', 'site']);
    expect(code).toBe(4);
    expect(stdout).toContain(
      'does not let root in: tried PROJECT/other.key\n    hint: check that the user name is correct, and that ',
    );
    expect(directory).not.toBe(own);
  });

  test('a user who may not become root', async () => {
    await host().exec(
      'install -d -o coach -m 700 /home/coach/.ssh; install -o coach /root/.ssh/authorized_keys /home/coach/.ssh/',
    );
    const { code, stdout } = await place.heal(project({}, { user: 'coach', become: true }), ['run', 'site']);
    expect(code).toBe(4);
    expect(stdout).toMatch(/jack4 \| unreachable \| .*sudo/);
    expect(await treeOf(host(), directories)).toBe(before);
  });

  test('a user of a task who is not there', async () => {
    const { code, stdout } = await place.heal(
      project({
        'tasks/site.yml': playOf([{ ...tasks[0], become_user: 'nosuch' }]),
      }),
      ['run', 'site'],
    );
    expect(code).toBe(2);
    expect(stdout).toMatch(/jack4 +\| failed .*\n.*\n.*user nosuch does not exist/);
    expect(await treeOf(host(), directories)).toBe(before);
  });

  test('a host that drops what it is sent', async () => {
    await host().exec('iptables -I INPUT -p tcp --dport 22 -j DROP');
    // The kernel gives up only after two minutes, which is longer than a test lets the command run.
    const { code, stdout } = await place.heal(project({}, { connect_timeout: 2 }), ['run', 'site']);
    await host().exec('iptables -D INPUT -p tcp --dport 22 -j DROP');
    expect(code).toBe(4);
    expect(stdout).toContain(
      `jack4 | unreachable | connecting to ${host().address} timed out\n    hint: is the host up, and does its firewall let you in?\n`,
    );
  });

  test('a host that is cut off in the middle of a task', async () => {
    const directory = project({
      'tasks/site.yml': playOf([
        { name: 'The first', copy: { content: 'x\n', dest: '/srv/first' } },
        { name: 'The second takes the line down', shell: 'sleep 1; pkill -KILL sshd; sleep 600; touch /srv/second' },
        { name: 'The third', command: 'touch /srv/third' },
      ]),
    });
    const { code, stdout } = await place.heal(directory, ['run', 'site']);
    await host().exec('systemctl restart ssh; rm -f /srv/first');
    expect(code).toBe(4);
    expect(stdout).toContain('jack4 | changed   | The first');
    expect(stdout).toMatch(/jack4 \| unreachable \| the connection to .* was lost\n.*hint: run it again/);
    expect(recapOf(stdout, 'jack4')).toMatchObject({ ok: 1, changed: 1, unreachable: 1, failed: 0 });
    // What the lost task began is ended, too.
    await host().exec('for n in $(seq 600); do pgrep -f "slee[p] 600" || exit 0; sleep 0.1; done; exit 1');
  });

  test('a disk that is full', async () => {
    await host().exec(
      'mkdir -p /srv/small; mount -t tmpfs -o size=64k tmpfs /srv/small; echo old >/srv/small/file; head -c 60000 /dev/zero >/srv/small/fill || true',
    );
    const directory = project({
      'files/large': 'x'.repeat(100_000),
      'tasks/site.yml': playOf([{ name: 'The file', copy: { src: 'large', dest: '/srv/small/file' } }]),
    });
    const { code, stdout } = await place.heal(directory, ['run', 'site']);
    const left = await host().exec('cat /srv/small/file; ls -A /srv/small; umount /srv/small; rmdir /srv/small');
    expect(code).toBe(2);
    expect(stdout).toMatch(
      /jack4 +\| failed +\| The file\n.*\n.*cannot write \d+ bytes to \/srv\/small: .*[Nn]o space left/,
    );
    expect(left).toBe('old\nfile\nfill\n');
  });

  test('and in the end nothing has changed', async () => {
    expect(await treeOf(host(), directories)).toBe(before);
    expect(await host().exec('find /run /tmp -xdev -name "*heal*" ! -path /run/heal')).toBe('');
  });
});
