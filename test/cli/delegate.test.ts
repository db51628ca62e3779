import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { recapOf } from '../faults/project.ts';
import { noSshd } from '../ssh/sshd.ts';
import { until } from '../until.ts';
import { webHosts } from './web-hosts.ts';

describe.skipIf(noSshd !== undefined)('tasks that are delegated to another host', () => {
  const { run, at, note, traced } = webHosts();

  test('run there with the variables, facts and results of their own host', async () => {
    const { code, stdout } = await run(
      [
        { shell: 'echo $WHERE', register: 'own', changed_when: false },
        {
          name: 'Out of the pool',
          shell: `echo {{ inventory_hostname }} {{ weight }} {{ own.stdout }} {{ facts.user }} on $WHERE | tee -a ${at('trace')}`,
          delegate_to: 'lb',
          register: 'r',
          notify: 'Tell',
        },
        note('{{ r.stdout }}, back on $WHERE'),
      ],
      { args: ['--limit', 'a'], play: { handlers: [{ name: 'Tell', ...note('handler on $WHERE') }] } },
    );
    expect(code, stdout).toBe(0);
    expect(traced()).toEqual(['a 1 a root on lb', 'a 1 a root on lb, back on a', 'handler on a']);
    expect(stdout).toContain('a | changed (unproven) | Out of the pool -> lb');
    expect(recapOf(stdout, 'a ')).toMatchObject({ ok: 4, changed: 3 });
    expect(recapOf(stdout, 'lb')).toEqual({});
  });

  test('run on the hosts that a template names, one for each item', async () => {
    const { code, stdout } = await run(
      [
        { ...note('{{ item }} on $WHERE'), delegate_to: '{{ item }}', loop: '{{ groups.all }}', run_once: true },
        { ...note('never'), delegate_to: '{{ nowhere }}', vars: { nowhere: '' }, when: 'nowhere != ""' },
      ],
      { args: ['--forks', '1'] },
    );
    expect(code, stdout).toBe(0);
    expect(traced()).toEqual(['a on a', 'b on b', 'lb on lb']);
  });

  test('change one file of that host one after the other', async () => {
    const line = { line: { path: at('pool'), line: 'server {{ inventory_hostname }} {{ item }}', create: true } };
    const { code, stdout } = await run([{ ...line, loop: [1, 2, 3], delegate_to: 'lb' }]);
    expect(code, stdout).toBe(0);
    expect(readFileSync(at('pool'), 'utf8').trimEnd().split('\n').sort()).toEqual(
      ['a', 'b'].flatMap((name) => [1, 2, 3].map((n) => `server ${name} ${n}`)),
    );
  });

  test('come after what their host has done before, and are seen by what it does after them', async () => {
    const path = at('shared');
    const gate = at('gate');
    let output = '';
    const done = run(
      [
        {
          shell: `if [ $WHERE = b ]; then until [ -e ${gate} ]; do sleep 0.05; done; fi; echo $WHERE >>${at('trace')}`,
        },
        { ...note('from {{ inventory_hostname }} on $WHERE'), delegate_to: 'b', when: 'inventory_hostname == "a"' },
        { copy: { dest: path, content: 'x' }, delegate_to: 'b', when: 'inventory_hostname == "a"' },
        { stat: { path }, register: 'there', when: 'inventory_hostname == "b"' },
        { ...note('{{ there.stat.exists }} on $WHERE'), when: 'inventory_hostname == "b"' },
      ],
      {
        args: ['-vv'],
        onOutput: (text) => {
          output += text;
        },
      },
    );
    // It may have waited before its first task, too, until b had a connection.
    const waits = (): boolean => /^a +\| changed.*^a +\| waiting +\| for the other hosts$/ms.test(output);
    await until('a waits for b, or has gone on', () => waits() || traced().includes('from a on b'));
    writeFileSync(gate, '');
    const { code, stdout } = await done;
    expect(code, stdout).toBe(0);
    expect(traced()).toEqual(['a', 'b', 'from a on b', 'true on b']);
  });

  test('are planned with what they would change there', async () => {
    const { code, stdout } = await run(
      [
        { directory: { path: at('new') }, delegate_to: 'lb' },
        { copy: { dest: at('new/file'), content: 'x' }, delegate_to: 'lb' },
      ],
      { args: ['--check', '--limit', 'a'] },
    );
    expect(code, stdout).toBe(0);
    expect(recapOf(stdout, 'a ')).toMatchObject({ ok: 2, changed: 2, failed: 0 });
    expect(existsSync(at('new'))).toBe(false);
  });

  test('are tried again there until a condition is true', async () => {
    const { code, stdout } = await run(
      [
        {
          shell: `echo $WHERE >>${at('trace')}; wc -l <${at('trace')}`,
          delegate_to: 'lb',
          register: 'r',
          until: 'int(r.stdout) >= 3',
          delay: 0,
        },
      ],
      { args: ['--limit', 'a'] },
    );
    expect(code, stdout).toBe(0);
    expect(traced()).toEqual(['lb', 'lb', 'lb']);
  });

  test('read the state of that host again before the condition is true', async () => {
    const ready = at('ready');
    const ask = `echo asked on $WHERE >>${at('trace')}; cat ${ready} 2>/dev/null || true`;
    const more = { delegate_to: 'lb', register: 'r', until: 'r.stdout == "ready"', retries: 100, delay: 0.1 };
    const done = run([{ shell: { cmd: ask, readonly: true }, ...more }], { args: ['--limit', 'a'] });
    await until('the state was read', () => traced().length > 0);
    writeFileSync(ready, 'ready\n');
    const { code, stdout } = await done;
    expect(code, stdout).toBe(0);
    expect(traced()).toContain('asked on lb');
  });

  test('run as the user of that host, or become another one there', async () => {
    const id = { shell: `echo $(id -un) on $WHERE for {{ facts.user }}`, delegate_to: 'lb', register: 'r' };
    for (const [lb, more, user] of [
      [{}, { become: true, become_user: 'nobody' }, 'nobody'],
      [{ become: true, become_user: 'nobody' }, {}, 'nobody'],
      // Nobody could not become it: it is so already.
      [{ become: true, become_user: 'nobody' }, { become: true, become_user: 'nobody' }, 'nobody'],
    ] as const) {
      const { code, stdout } = await run([{ ...id, ...more }, note('{{ r.stdout }}')], { args: ['--limit', 'a'], lb });
      expect(code, stdout).toBe(0);
      expect(traced().at(-1)).toMatch(new RegExp(`^${user} on .*for root$`));
    }
  });
});
