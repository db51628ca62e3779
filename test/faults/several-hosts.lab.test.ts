import { afterAll, beforeAll, expect, test } from 'vitest';
import { runsAllCases } from '../all-cases.ts';
import type { Transcript } from '../cli/built.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { inventoryOf, playOf, recapOf, type Workplace, workplace } from './project.ts';

/** Shell text that waits for a file. */
const waitFor = (file: string) => `for n in $(seq 600); do [ -e ${file} ] && exit; sleep 0.1; done; exit 1`;

const names = ['jack1', 'jack2', 'jack3', 'jack4', 'jack5', 'jack6'];

describeLab('several hosts', { hosts: names }, (lab) => {
  let place: Workplace;
  beforeAll(() => {
    place = workplace();
  });
  afterAll(() => place?.remove());

  let count = 0;
  /** Runs a playbook that leaves a file of its own on each host, and says which of them have it. */
  const run = async (
    tasks: (file: string) => readonly object[],
    args: readonly string[] = [],
    vars: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
    play: object = {},
  ): Promise<Transcript & { readonly done: readonly string[] }> => {
    count += 1;
    const file = `/srv/made-${count}`;
    const project = place.project({
      'inventory/hosts.yml': inventoryOf(lab().hosts, vars),
      'tasks/site.yml': playOf(tasks(file), play),
    });
    const transcript = await place.heal(project, ['run', 'site', ...args]);
    const there = await Promise.all(names.map((name) => lab().host(name).attempt(`test -e ${file}`)));
    return { ...transcript, done: names.filter((_, index) => there[index]?.code === 0) };
  };
  const simple = (file: string): object[] => [
    { name: 'The file', copy: { content: '{{ inventory_hostname }}\n', dest: file } },
  ];
  const gone = { jack2: { address: '127.0.0.1', port: 1 } };

  test('one of two can not be reached: the other is done, and the exit code is 4', async () => {
    const { code, stdout, stderr, done } = await run(simple, ['--limit', 'jack1,jack2'], gone);
    expect({ code, stderr, done }).toEqual({ code: 4, stderr: '', done: ['jack1'] });
    expect(stdout).toContain('jack1 | changed   | The file');
    expect(stdout).toContain('jack2 | unreachable | connection refused by 127.0.0.1 port 1\n');
    expect(recapOf(stdout, 'jack1')).toMatchObject({ ok: 1, changed: 1, unreachable: 0, failed: 0 });
    expect(recapOf(stdout, 'jack2')).toMatchObject({ ok: 0, changed: 0, unreachable: 1, failed: 0 });
    expect(stdout).not.toMatch(/^jack[3-6]/m);
    expect(stdout).toContain('\n2 hosts in ');
  });

  test('one fails and one can not be reached: 6, and all others are done', async () => {
    const { code, stdout, done } = await run(
      (file) => [{ name: 'It fails on one', command: 'false', when: 'inventory_hostname == "jack3"' }, ...simple(file)],
      [],
      gone,
    );
    expect({ code, done }).toEqual({ code: 6, done: ['jack1', 'jack4', 'jack5', 'jack6'] });
    expect(recapOf(stdout, 'jack3')).toMatchObject({ ok: 0, failed: 1 });
    expect(stdout).toMatch(/hint: heal run site --limit .*\.heal\/retry\/site\.txt/);
  });

  test('six are worked on at once, and their lines never mix', async () => {
    const slow = (file: string): object[] => [
      { name: 'Until all are here', shell: 'touch /run/here; until [ -e /run/all-are-here ]; do sleep 0.1; done' },
      {
        name: 'Many lines',
        shell: 'for n in 1 2 3 4 5 6 7 8 9; do echo "$(hostname) $n"; done; exit 1',
        ignore_errors: true,
      },
      ...simple(file),
    ];
    // None gets on before all of them are in the middle of it.
    const meet = async (): Promise<void> => {
      await Promise.all(names.map((name) => lab().host(name).exec(waitFor('/run/here'))));
      await Promise.all(names.map((name) => lab().host(name).exec('touch /run/all-are-here')));
    };
    const [{ code, stdout, done }] = await Promise.all([run(slow), meet()]);
    expect({ code, done }).toEqual({ code: 0, done: names });
    for (const name of names) {
      const lines = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `      ${name} ${n}\n`).join('');
      expect(stdout).toContain(`    stdout:\n${lines}`);
      expect(recapOf(stdout, name)).toMatchObject({ ok: 3, changed: 2, ignored: 1 });
    }
  });

  if (runsAllCases)
    test('--forks 1 works on one after the other', async () => {
      const alone = (file: string): object[] => [
        { name: 'Half a second', shell: 'date +%s.%N; sleep 0.5; date +%s.%N', register: 'times' },
        { name: 'When', debug: { msg: 'from {{ times.stdout_lines.[0] }} to {{ times.stdout_lines.[1] }}.' } },
        ...simple(file),
      ];
      const { code, stdout, done } = await run(alone, ['--forks', '1', '-v']);
      expect({ code, done }).toEqual({ code: 0, done: names });
      const spans = [...stdout.matchAll(/When \| from ([\d.]+) to ([\d.]+)\./g)].map(([, from, to]) => [
        Number(from),
        Number(to),
      ]);
      expect(spans).toHaveLength(names.length);
      for (const [index, [from = 0]] of spans.entries()) {
        if (index > 0) expect(from).toBeGreaterThanOrEqual((spans[index - 1]?.[1] ?? 0) - 0.01);
      }
    });

  if (runsAllCases)
    test('the recap names hosts in the order of the inventory, each with its own numbers', async () => {
      const { stdout } = await run((file) => [
        ...simple(file),
        { name: 'Some', command: 'true', when: 'inventory_hostname in ["jack2", "jack5"]' },
      ]);
      const recap = stdout.slice(stdout.indexOf('PLAY RECAP'));
      expect(recap.match(/^jack\d/gm)).toEqual(names);
      expect(names.map((name) => recapOf(stdout, name)['changed'])).toEqual([1, 2, 1, 1, 2, 1]);
      expect(names.map((name) => recapOf(stdout, name)['skipped'])).toEqual([1, 0, 1, 1, 0, 1]);
    });

  test('a batch whose hosts all fail ends the run: later batches are not begun', async () => {
    const { code, stdout, done } = await run(
      (file) => [...simple(file), { name: 'It fails', command: 'false' }],
      [],
      {},
      { serial: 2 },
    );
    expect(code).toBe(2);
    expect(done).toEqual(['jack1', 'jack2']);
    expect(recapOf(stdout, 'jack3')).toMatchObject({ ok: 0, failed: 0 });
  });

  test('a host that is lost half way takes no other with it', async () => {
    const { code, stdout, done } = await run((file) => [
      { name: 'One goes down', shell: 'sleep 0.5; pkill -KILL sshd; sleep 600', when: 'inventory_hostname == "jack6"' },
      { name: 'The others work', command: 'sleep 1', when: 'inventory_hostname != "jack6"' },
      ...simple(file),
    ]);
    await lab().host('jack6').exec('systemctl restart ssh');
    expect({ code, done }).toEqual({ code: 4, done: names.slice(0, 5) });
    expect(recapOf(stdout, 'jack6')).toMatchObject({ unreachable: 1, failed: 0 });
  });

  test('runs that change one host at once lose none of their changes', async () => {
    const [host] = lab().hosts;
    await host?.exec('echo 0 >/srv/count');
    // The first to change something waits until all three have logged in.
    const all =
      'for i in $(seq 600); do [ "$(pgrep -fc "root@nott[y]")" -lt 3 ] || break; sleep 0.1; done; : >/srv/all';
    const add = {
      name: 'One more',
      shell: `n=$(cat /srv/count); [ -e /srv/all ] || { ${all}; }; sleep 0.3; echo $((n + 1)) >/srv/count`,
    };
    const several = await Promise.all([1, 2, 3].map(() => run(() => [add], ['--limit', 'jack1'])));
    expect(several.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await host?.exec('cat /srv/count')).toBe('3\n');
  });

  test('and left behind is the file of the lock alone, which no run has any more', async () => {
    for (const host of lab().hosts) {
      expect(await host.exec('find /run /tmp /dev/shm /srv -xdev -name "*heal*" | xargs -r -n1 find')).toBe(
        '/run/heal\n/run/heal/run.lock\n',
      );
      await host.exec('flock -n /run/heal/run.lock true');
    }
  });
});
