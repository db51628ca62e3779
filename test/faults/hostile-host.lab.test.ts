import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSync } from '../child.ts';
import type { Transcript } from '../cli/built.ts';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { inventoryOf, outcomes, playOf, recapOf, type Workplace, workplace } from './project.ts';

const shells = ['bash', 'dash', 'zsh', 'fish', 'tcsh'];

/** The login shells that this machine has, with the libraries that they need and the host may lack. */
function giveShells(root: string): void {
  const files = `for s in ${shells.join(' ')}; do
    command -v $s || continue
    ldd "$(command -v $s)" | grep -o '/[^ ]*'
    dpkg -L $s $s-common
  done 2>/dev/null | sort -u | while read -r f; do [ ! -f "$f" ] || echo "$f"; done`;
  runSync('sh', ['-c', `${files} | tar -chf - -T - 2>/dev/null | tar -xf - --skip-old-files -C "$0"`, root]);
}

/** Noise wherever a login reads something, in colour and without a final newline. */
const noise = `
  printf 'Banner /etc/issue.loud\\n' >/etc/ssh/sshd_config.d/loud.conf
  printf 'BANNER \\033[31m\\033]0;owned\\007 0123456789abcdef' >/etc/issue.loud; cp /etc/issue.loud /etc/motd
  for f in /root/.bashrc /root/.profile /root/.zshenv /root/.zshrc /root/.cshrc /root/.login /etc/profile.d/loud.sh; do
    printf 'echo RC NOISE; printf "\\\\033[2J\\\\033[1m no newline"\\n' >>$f
  done
  mkdir -p /root/.config/fish; echo 'echo RC NOISE; printf "no newline"' >/root/.config/fish/config.fish
  systemctl reload ssh
`;

const wanted = [{ name: 'jack4', prepare: giveShells }];

describeLab('a host whose every word is hostile', { hosts: wanted }, (lab) => {
  let place: Workplace;
  const host = (): LabHost => lab().host('jack4');
  beforeAll(() => {
    place = workplace();
  });
  afterAll(() => place?.remove());
  const run = (tasks: readonly object[], ...args: string[]): Promise<Transcript> =>
    place.heal(
      place.project({
        'inventory/hosts.yml': inventoryOf([host()]),
        'tasks/site.yml': playOf(tasks),
        'files/bytes': '',
      }),
      ['run', 'site', ...args],
    );

  /** Nothing that a terminal would take for anything but text. */
  const clean = (text: string): boolean =>
    !/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(text);

  describe('names of files', () => {
    const odd = [
      'plain', 'with space', ' leading and trailing ', 'line\nbreak', "quote'", 'double"quote', 'back\\slash', '$HOME', '`id`',
      '$(id)', '*', '?', '[a]', '-leading', '--help', '~', '#hash', 'semi;colon', 'amp&', 'pipe|', 'a>b', 'tab\there', 'ünïcödé', '日本',
      '😀', 'e\u0301', 'end\n', '\n', "'", '"', '\\', '!bang', '{a,b}', '%s%n', '\u202edlrow', 'esc\x1b[31m', 'x'.repeat(200),
    ]; // biome-ignore format: a list
    const at = (name: string, more = ''): string => `/srv/odd/${name}${more}`;
    const tasks = odd.flatMap((name, index) => [
      { name: `Folder ${index}`, directory: { path: at(name, '.d'), mode: '0750' } },
      { name: `Copy ${index}`, copy: { content: `of ${index}\n`, dest: at(`${name}.d/${name}`), mode: '0640' } },
      { name: `Link ${index}`, file: { src: at(name, '.d'), path: at(name, '.l'), state: 'link' } },
      { name: `Mode ${index}`, file: { path: at(`${name}.d/${name}`), state: 'file', mode: '0600' } },
      { name: `Template ${index}`, template: { src: 't.hbs', dest: at(name, '.t') } },
      { name: `Command ${index}`, command: { argv: ['touch', '--', at(name, '.c')], creates: at(name, '.c') } },
    ]);

    test('of any characters: made by the first run, as they are, and left alone by the second', async () => {
      await host().exec('mkdir /srv/odd');
      const modes = tasks.filter((task) => !task.name.startsWith('Mode'));
      const project = place.project({
        'inventory/hosts.yml': inventoryOf([host()]),
        'tasks/site.yml': playOf(modes),
        'tasks/modes.yml': playOf(tasks.filter((task) => task.name.startsWith('Mode'))),
        'templates/t.hbs': 'text\n',
      });
      const first = await place.heal(project, ['run', 'site']);
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(recapOf(first.stdout, 'jack4')).toMatchObject({ ok: modes.length, changed: modes.length });
      const names = (await host().exec("find /srv/odd -mindepth 1 -printf '%P\\0'"))
        .split('\0')
        .filter((name) => name !== '');
      const expected = odd.flatMap((name) => [`${name}.d`, `${name}.d/${name}`, `${name}.l`, `${name}.t`, `${name}.c`]);
      expect(names.sort()).toEqual(expected.sort());
      const second = await place.heal(project, ['run', 'site']);
      expect(recapOf(second.stdout, 'jack4')).toMatchObject({ ok: modes.length, changed: 0 });
      const third = await place.heal(project, ['run', 'modes']);
      expect(recapOf(third.stdout, 'jack4')).toMatchObject({ changed: odd.length });
      expect(
        await host().exec(
          "find /srv/odd -type f -perm 600 | tr -cd '\\0' | wc -c; find /srv/odd -type f -perm 600 -printf x | wc -c",
        ),
      ).toBe(`0\n${odd.length}\n`);
      for (const { stdout } of [first, second, third]) expect(clean(stdout)).toBe(true);
      expect(await host().exec('ls -A / /root /tmp | grep -iE "help|dlrow|^a$|^b$"; true')).toBe('');
    });
  });

  describe('what commands print', () => {
    let done: Transcript;
    const tasks = [
      {
        name: 'Controls',
        shell: String.raw`printf 'a\033]0;owned\007b\033[2Jc\033[31md\r\be\001f\302\233g\342\200\256h\n'; printf 'jack4 | ok | forged\nPLAY RECAP ***\n' >&2; exit 3`,
        ignore_errors: true,
      },
      { name: 'A gigabyte', shell: 'yes 0123456789 | head -c 1000000000', register: 'much' },
      {
        name: 'Its size',
        assert: {
          that: ['size(much.stdout) <= 1048576', 'size(much.stdout) > 1000000', 'much.truncated', 'much.rc == 0'],
        },
      },
      {
        name: 'A gigabyte and a failure',
        shell: "head -c 1000000000 /dev/zero | tr '\\0' x; exit 4",
        ignore_errors: true,
      },
      {
        name: 'A gigabyte read',
        command: { argv: ['head', '-c', '1000000000', '/dev/zero'], readonly: true },
        register: 'read',
      },
      { name: 'Its size as well', assert: { that: ['size(read.stdout) <= 1048576', 'read.truncated'] } },
      {
        name: 'A million lines',
        shell: 'yes | head -n 1000000; yes error | head -n 1000000 >&2; exit 5',
        ignore_errors: true,
      },
      {
        name: 'Bytes of any kind',
        shell: 'head -c 300000 /dev/urandom; head -c 300000 /dev/urandom >&2; exit 6',
        ignore_errors: true,
      },
      { name: 'Nothing at all', shell: 'exec >&- 2>&-; exit 7', ignore_errors: true },
      {
        name: 'A daemon that keeps the output open',
        shell: 'setsid sleep 613 & sleep 614 & echo started',
        register: 'daemon',
      },
      { name: 'It was heard', assert: { that: 'daemon.stdout == "started"' } },
      { name: 'One that reads', command: 'cat' },
      { name: 'One that ends itself', shell: 'kill -KILL $$', ignore_errors: true },
      { name: 'One that ends who started it', shell: 'kill -KILL $PPID; sleep 1', ignore_errors: true },
      { name: 'A name that it printed: {{ shout.stdout }}', debug: { msg: '{{ shout.stdout }}' } },
      { name: 'And after all that', command: 'true' },
    ];
    beforeAll(async () => {
      tasks.splice(-2, 0, {
        name: 'A shout',
        shell: String.raw`printf '\173\173 gone }}\033[31m $(id)\nline'`,
        register: 'shout',
      });
      done = await run(tasks, '-v');
    });

    test('is heard to its end, capped, and each exit code is the right one', () => {
      expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: '' });
      expect(done.stdout.match(/^ {4}exit code \d+$/gm)?.map((line) => Number(line.slice(14)))).toEqual([
        3, 4, 5, 6, 7, 137,
      ]);
      expect(recapOf(done.stdout, 'jack4')).toMatchObject({ ok: tasks.length, failed: 0, ignored: 7 });
    });

    test('is shown without anything that a terminal would obey', () => {
      expect(clean(done.stdout)).toBe(true);
      // U+009B begins a sequence, as ESC [ does, and takes the g with it.
      expect(done.stdout.slice(0, 2000)).toContain('    stdout:\n      abcd\n      efh\n');
      expect(/^(jack4 \| ok \| forged|PLAY RECAP \*\*\*)$/m.test(done.stdout)).toBe(false);
    });

    test('is no template, wherever it goes', () => {
      expect(done.stdout.slice(-2000)).toContain(
        'A name that it printed: {{ gone }} $(id) line | {{ gone }} $(id) line',
      );
    });

    test('is short where nobody asked for all of it', async () => {
      const few = await run(tasks.filter(({ name }) => /gigabyte and|million|kind/.test(name)));
      expect(few.stdout.length).toBeLessThan(200_000);
      expect(few.stdout).toContain('more characters; -v shows all)');
      expect(few.stdout).toMatch(/\(\d+ lines before; -v shows all\)/);
    });

    test('a daemon is left running, and nothing of ours', async () => {
      expect(await host().exec('pgrep -fc "slee[p] 61[34]"')).toBe('2\n');
      const running = 'ulimi[t]|HEAL_[N]|\\.hea[l]';
      await host().exec('pkill -f "slee[p] 61[34]"');
      await host().exec(`for n in $(seq 600); do pgrep -af '${running}' || exit 0; sleep 0.1; done; exit 1`);
    });
  });

  describe('logins that print', () => {
    const tasks = [
      { name: 'The file', copy: { content: 'x\n', dest: '/srv/loud' } },
      { name: 'The command', command: { cmd: 'echo quiet', readonly: true }, register: 'said' },
      { name: 'It is what it said', assert: { that: 'said.stdout == "quiet"' } },
    ];
    beforeAll(() => host().exec(noise));

    test.for(shells)('a banner, a message of the day and rc files, before %s', async (shell, { skip }) => {
      const there = (await host().attempt(`command -v ${shell} && ${shell} -c 'echo fine'`)).stdout;
      if (!there.includes('fine')) skip();
      await host().exec(`rm -f /srv/loud; usermod -s "$(command -v ${shell})" root`);
      const large = { name: 'A large one', copy: { content: 'y'.repeat(200_000), dest: '/srv/large' } };
      await host().exec('rm -f /srv/large');
      const { code, stdout, stderr } = await run([...tasks, large]);
      await host().exec('usermod -s /bin/bash root');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(outcomes(stdout)).toEqual(['changed: The file', 'changed: A large one']);
      expect(stdout).not.toMatch(/NOISE|BANNER/);
      expect(await host().exec('wc -c </srv/large')).toBe('200000\n');
    });

    test('an rc file that ends the login is told with its words', async () => {
      await host().exec(
        "usermod -s /bin/bash root; cp /root/.bashrc /root/keep; printf 'echo go away; exit 3\\n' >/root/.bashrc",
      );
      const { code, stdout } = await run(tasks);
      await host().exec('mv /root/keep /root/.bashrc');
      expect(code).toBe(4);
      expect(stdout).toMatch(/jack4 \| unreachable \| .*(exit|ended|closed).*\n/);
      expect(stdout).toContain('go away');
    });

    test('one that never ends is given up', async () => {
      await host().exec("cp /root/.bashrc /root/keep; echo 'sleep 600' >/root/.bashrc");
      const project = place.project({
        'inventory/hosts.yml': inventoryOf([host()], { jack4: { connect_timeout: 2 } }),
        'tasks/site.yml': playOf(tasks),
      });
      const { code, stdout } = await place.heal(project, ['run', 'site']);
      await host().exec('mv /root/keep /root/.bashrc; pkill -f "slee[p] 600"; true');
      expect(code).toBe(4);
      expect(stdout).toContain(
        'let root in, but no shell answered within 2 s\n    hint: look at what the login shell reads first',
      );
    });
  });
});
