import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Transcript } from '../cli/built.ts';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { inventoryOf, outcomes, playOf, recapOf, treeOf, type Workplace, workplace } from './project.ts';

// A FUSE mount belongs to who made it: nobody else, root included, may look into it. The device is one of the host's
// own, for /dev/fuse is this machine's and must keep its mode.
const mounts = `set -e
useradd -m jo
mknod /dev/fuse-for-all c 10 229; chmod 666 /dev/fuse-for-all; mount --bind /dev/fuse-for-all /dev/fuse
mkdir -p /mnt/jo /mnt/hang /srv/beneath /home/jo/files
echo kept >/home/jo/files/x; echo kept >/srv/beneath/x
chown -R jo /mnt/jo /home/jo/files
su jo -c 'bindfs --no-allow-other /home/jo/files /mnt/jo'
bindfs /srv/beneath /mnt/hang
mkdir -m 700 /srv/secret; echo kept >/srv/secret/file
`;

describeLab('what may not be read, and what never answers', { hosts: ['jack4', 'jack5'] }, (lab) => {
  let place: Workplace;
  const host = (): LabHost => lab().host('jack4');
  beforeAll(async () => {
    place = workplace();
    await host().exec(mounts);
  });
  afterAll(() => place?.remove());
  const run = (tasks: readonly object[], ...args: string[]): Promise<Transcript> => {
    const inventory = inventoryOf(lab().hosts);
    return place.heal(
      place.project({ 'inventory/hosts.yml': inventory, 'tasks/site.yml': playOf(tasks), 'templates/a.hbs': 'x\n' }),
      ['run', 'site', ...args],
    );
  };

  describe('a path that may not be read is denied, and its task fails', () => {
    const modules = (directory: string): object[] => [
      { stat: { path: `${directory}/file` } },
      { copy: { content: 'x\n', dest: `${directory}/file` } },
      { copy: { content: 'x\n', dest: `${directory}/new` } },
      { template: { src: 'a.hbs', dest: `${directory}/new` } },
      { file: { path: `${directory}/file`, state: 'absent' } },
      { file: { path: `${directory}/new`, state: 'touch' } },
      { directory: { path: `${directory}/new/deeper` } },
      { directory: { path: `${directory}/new`, state: 'absent' } },
      { command: { cmd: 'touch /tmp/it-was-run', creates: `${directory}/file` } },
      { command: { cmd: 'touch /tmp/it-was-run', removes: `${directory}/file` } },
      { stat: { path: `${directory}/it's\na name` } },
    ];
    const names = (tasks: readonly object[]): object[] =>
      tasks.map((task, index) => ({ name: `Task ${index + 1}`, ...task, ignore_errors: true }));

    test.each([
      ['a directory of root, read by another account', '/srv/secret', { become_user: 'nobody' }],
      ["another user's FUSE mount, asked as root", '/mnt/jo', {}],
    ])('%s', async (_name, directory, account) => {
      const before = await treeOf(host(), ['/srv', '/home/jo', '/tmp']);
      const tasks = modules(directory);
      const { code, stdout } = await run(names(tasks.map((task) => ({ ...task, ...account }))), '-l', 'jack4');
      expect(code).toBe(0);
      expect(outcomes(stdout)).toEqual(tasks.map((_, index) => `ignored: Task ${index + 1}`));
      expect(stdout.match(/^ {4}permission denied: stat: .*: Permission denied$/gm)?.length).toBe(tasks.length);
      expect(await treeOf(host(), ['/srv', '/home/jo', '/tmp'])).toBe(before);
    });

    test('a plan says the same', async () => {
      const { code, stdout } = await run(
        [{ name: 'It', copy: { content: '', dest: '/mnt/jo/x' } }],
        '-l',
        'jack4',
        '-C',
      );
      expect(code).toBe(2);
      expect(stdout).toContain("    permission denied: stat: cannot statx '/mnt/jo/x': Permission denied\n");
      expect(stdout).not.toContain('create /mnt/jo/x');
    });
  });

  describe('a file system that never answers', () => {
    let done: Transcript;
    const hanging = [
      { name: 'A stat there', stat: { path: '/mnt/hang/x' } },
      { name: 'A file there', copy: { content: 'x\n', dest: '/mnt/hang/y' } },
      { name: 'An odd name there', stat: { path: "/mnt/hang/it's" } },
      { name: 'A read-only command there', command: { cmd: 'ls /mnt/hang', readonly: true, read_timeout: 4 } },
      { name: 'A command there', command: 'ls /mnt/hang', timeout: 2 },
      { name: 'A shell that takes no hint', shell: 'trap "" TERM; ls /mnt/hang; sleep 600', timeout: 2 },
    ].map((task) => ({ ...task, ignore_errors: true }));
    beforeAll(async () => {
      await host().exec("pkill -STOP -f '[b]indfs /srv/beneath'; mkdir -p /srv/ok");
      await lab().host('jack5').exec('mkdir -p /mnt/hang /srv/ok; touch /mnt/hang/x');
      // What hangs would do so for ever: that it ends at all is what its limit (runHeal) proves.
      done = await run([
        { name: 'Before', copy: { content: 'x\n', dest: '/srv/ok/before' } },
        ...hanging,
        { name: 'After', copy: { content: 'x\n', dest: '/srv/ok/after' } },
      ]);
    });
    afterAll(() => host().exec("pkill -CONT -f '[b]indfs /srv/beneath'; umount /mnt/hang"));

    const of = (name: string): string[] =>
      outcomes(
        done.stdout
          .split('\n')
          .filter((line) => line.startsWith(name))
          .join('\n'),
      );

    test('fails the tasks that it concerns, each with its deadline, and no other', () => {
      expect(done).toMatchObject({ code: 0, stderr: '' });
      expect(of('jack4')).toEqual([
        'changed: Before',
        ...hanging.map(({ name }) => `ignored: ${name}`),
        'changed: After',
      ]);
      expect(done.stdout.match(/^ {4}no answer within 10 s$/gm)?.length).toBe(3);
      expect(done.stdout).toContain('    no answer within 4 s\n');
      expect(done.stdout).toContain('    run ls /mnt/hang: took longer than 2 s and was stopped\n');
      expect(recapOf(done.stdout, 'jack4')).toMatchObject({ ok: 8, changed: 2, failed: 0, ignored: 6 });
    });

    test('keeps no other host from being done', () => {
      expect(of('jack5')).toContain('changed: Before');
      expect(of('jack5')).toContain('changed: After');
      expect(recapOf(done.stdout, 'jack5')).toMatchObject({ failed: 0, unreachable: 0, ignored: 1 });
    });

    test('leaves nothing behind: no process, no directory, no half a file', async () => {
      const running = 'ls /mnt/han[g]|stat -[c]|sha256su[m]|getfac[l]|slee[p] 600';
      const left = await host().exec(
        `for n in $(seq 600); do pgrep -f '${running}' >/dev/null || break; sleep 0.1; done
        pgrep -af '${running}'; find /run /tmp /dev/shm -xdev -name '*heal*' ! -path /run/heal; ls -A /srv/beneath; true`,
      );
      expect(left).toBe('x\n');
    });

    test('a task that does not ignore it ends its host there, with 2', async () => {
      const { code, stdout } = await run(
        [hanging[0] ?? {}, { name: 'Never', command: 'touch /srv/never' }].map((task) => ({
          ...task,
          ignore_errors: false,
        })),
        '-l',
        'jack4',
      );
      expect(code).toBe(2);
      expect(outcomes(stdout)).toEqual(['failed: A stat there']);
      expect((await host().attempt('test -e /srv/never')).code).toBe(1);
    });
  });
});
