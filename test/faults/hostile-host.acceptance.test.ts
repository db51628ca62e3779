import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Transcript } from '../cli/built.ts';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { giveShells, noise, shells } from './noisy-shells.ts';
import { inventoryOf, outcomes, playOf, recapOf, type Workplace, workplace } from './project.ts';

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
    // A line is a class of what may be misread: each class has at least as many names as there are pairs of tasks below.
    const odd = [
      ['plain', 'ünïcödé', '日本', '😀', 'e\u0301', 'x'.repeat(200)],
      ['with space', ' leading and trailing ', 'tab\there', 'line\nbreak', 'end\n', '\n'],
      ["quote'", 'double"quote', 'back\\slash', "'", '"', '\\'],
      ['$HOME', '`id`', '$(id)', '!bang', '%s%n'],
      ['*', '?', '[a]', '{a,b}'],
      ['-leading', '--help', '~', '#hash'],
      ['semi;colon', 'amp&', 'pipe|', 'a>b'],
      ['\u202edlrow', 'esc\x1b[31m', '\u202eesc\x1b]0;x'],
    ]; // biome-ignore format: a table
    const at = (name: string, more = ''): string => `/srv/odd/${name}${more}`;
    /** Two tasks each, the second of which needs the first; each pair meets each class. */
    const pairs: readonly ((name: string, id: string) => object[])[] = [
      (name: string, id: string) => [
        { name: `Directory ${id}`, directory: { path: at(name, '.d'), mode: '0750' } },
        { name: `Copy ${id}`, copy: { content: `of ${id}\n`, dest: at(`${name}.d/${name}`), mode: '0640' } },
      ],
      (name: string, id: string) => [
        { name: `Template ${id}`, template: { src: 't.hbs', dest: at(name, '.t') } },
        { name: `Link ${id}`, file: { src: at(name, '.t'), path: at(name, '.l'), state: 'link' } },
      ],
      (name: string, id: string) => [
        { name: `Command ${id}`, command: { argv: ['touch', '--', at(name, '.c')], creates: at(name, '.c') } },
        { name: `Mode ${id}`, file: { path: at(name, '.c'), state: 'file', mode: '0600' } },
      ],
    ];
    const made = [
      (name: string) => [`${name}.d`, `${name}.d/${name}`],
      (name: string) => [`${name}.t`, `${name}.l`],
      (name: string) => [`${name}.c`],
    ];
    const uses = odd.flatMap((row, line) =>
      row.map((name, column) => ({ name, id: `${line}-${column}`, pair: (line + column) % pairs.length })),
    );
    // Commands come last: after each of them all that was asked ahead is asked again.
    const tasks = pairs.flatMap((tasksOf, pair) =>
      uses.filter((use) => use.pair === pair).flatMap(({ name, id }) => tasksOf(name, id)),
    );

    test('of any characters: made by the first run, as they are, and left alone by the second', async () => {
      await host().exec('mkdir /srv/odd');
      const project = place.project({
        'inventory/hosts.yml': inventoryOf([host()]),
        'tasks/site.yml': playOf(tasks),
        'templates/t.hbs': 'text\n',
      });
      const first = await place.heal(project, ['run', 'site']);
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(recapOf(first.stdout, 'jack4')).toMatchObject({ ok: tasks.length, changed: tasks.length });
      const names = (await host().exec("find /srv/odd -mindepth 1 -printf '%P\\0'"))
        .split('\0')
        .filter((name) => name !== '');
      const expected = uses.flatMap(({ name, pair }) => made[pair]?.(name) ?? []);
      expect(names.sort()).toEqual(expected.sort());
      expect(
        await host().exec(
          'find /srv/odd -type f -perm 600 -printf x | wc -c; find /srv/odd -xtype f -type l -printf x | wc -c',
        ),
      ).toBe(`${uses.filter(({ pair }) => pair === 2).length}\n${uses.filter(({ pair }) => pair === 1).length}\n`);
      const second = await place.heal(project, ['run', 'site']);
      expect(recapOf(second.stdout, 'jack4')).toMatchObject({ ok: tasks.length, changed: 0 });
      for (const { stdout } of [first, second]) expect(clean(stdout)).toBe(true);
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
      { name: 'A hundred megabytes', shell: 'yes 0123456789 | head -c 100000000', register: 'much' },
      {
        name: 'Its size',
        assert: {
          that: ['size(much.stdout) <= 1048576', 'size(much.stdout) > 1000000', 'much.truncated', 'much.rc == 0'],
        },
      },
      {
        name: 'A hundred megabytes and a failure',
        shell: "head -c 100000000 /dev/zero | tr '\\0' x; exit 4",
        ignore_errors: true,
      },
      {
        name: 'A hundred megabytes read',
        command: { argv: ['head', '-c', '100000000', '/dev/zero'], readonly: true },
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

    test('is short unless all of it was asked for', async () => {
      const few = await run(tasks.filter(({ name }) => /megabytes and|million|kind/.test(name)));
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

    test(`a banner, a message of the day and rc files, before ${shells.join(', ')}`, async () => {
      const logins = shells.map((name) => ({ ...host(), name }));
      const users = Object.fromEntries(shells.map((name) => [name, { user: `loud-${name}` }]));
      const project = place.project({
        'inventory/hosts.yml': inventoryOf(logins, users),
        'tasks/site.yml': playOf([
          { name: 'Who it is', command: { argv: ['sh', '-c', 'echo $HOME'], readonly: true }, register: 'who' },
          { name: 'It is', assert: { that: 'who.stdout == "/home/loud-" + inventory_hostname' } },
          { name: 'The file', copy: { content: 'x\n', dest: '/srv/loud-{{ inventory_hostname }}' } },
          ...tasks.slice(1),
          { name: 'A large one', copy: { content: 'y'.repeat(200_000), dest: '/srv/large-{{ inventory_hostname }}' } },
        ]),
      });
      const { code, stdout, stderr } = await place.heal(project, ['run', 'site']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const changed = shells.flatMap(() => ['changed: The file', 'changed: A large one']);
      expect(outcomes(stdout).sort()).toEqual(changed.sort());
      expect(stdout).not.toMatch(/NOISE|BANNER/);
      for (const name of shells) expect(await host().exec(`wc -c </srv/large-${name}`)).toBe('200000\n');
    });

    test('an rc file that ends the login is told with its words', async () => {
      await host().exec("cp /root/.bashrc /root/keep; printf 'echo go away; exit 3\\n' >/root/.bashrc");
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
