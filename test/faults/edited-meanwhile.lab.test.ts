import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { inventoryOf, outcomes, playOf, type Workplace, workplace } from './project.ts';

const file = '/root/settings';

describeLab('a file that its owner edits while a run is under way', { hosts: ['jack4'] }, (lab) => {
  let place: Workplace;
  const host = (): LabHost => lab().host('jack4');
  beforeAll(() => {
    place = workplace();
  });
  afterEach(() => host().exec("pkill -f '[e]ndless-writer'; rm -rf /root/settings*; true"));
  afterAll(() => place?.remove());

  /** Runs these tasks, and the script on the host after so many milliseconds. */
  const run = async (tasks: readonly object[], script: string, afterMs: number, ...args: string[]) => {
    const project = place.project({ 'inventory/hosts.yml': inventoryOf([host()]), 'tasks/site.yml': playOf(tasks) });
    const edit = new Promise<void>((resolve, reject) => {
      setTimeout(
        () =>
          host()
            .exec(script)
            .then(() => resolve(), reject),
        afterMs,
      );
    });
    const [done] = await Promise.all([place.heal(project, ['run', 'site', '-D', ...args]), edit]);
    return done;
  };
  const contents = async (): Promise<string[]> =>
    (await host().exec('for f in /root/settings*; do cat "$f"; done')).split('\n').filter((line) => line !== '');
  const write = (text: string) => `printf '${text}\\n' >${file}`;
  // Asked in one program, answered together: the slow ones give the owner time after the file was looked at. There are
  // two of them because a single one would be asked before it.
  const slow = [1, 2].map((n) => ({ name: `Slow question ${n}`, command: { cmd: `sleep 3.0${n}`, readonly: true } }));

  describe('between asking and applying', () => {
    test('what was decided on the old state is dropped: it is decided on the new one, which is shown', async () => {
      await host().exec(write('old'));
      const done = await run(
        [{ name: 'The file', copy: { content: 'wanted\n', dest: file } }, ...slow],
        write('mine'),
        1500,
      );
      expect(done.code).toBe(0);
      expect(done.stdout).toContain('      -mine\n      +wanted\n');
      expect(done.stdout).not.toContain('-old');
    });

    test('with backup the owner finds the edit beside the file', async () => {
      await host().exec(write('old'));
      const copy = { content: 'wanted\n', dest: file, backup: true };
      const done = await run([{ name: 'The file', copy }, ...slow], write('mine'), 1500);
      expect(done.code).toBe(0);
      expect(await contents()).toEqual(['wanted', 'mine']);
    });

    test('an edit that makes it as it is wanted leaves nothing to do', async () => {
      await host().exec(write('old'));
      const tasks = [{ name: 'The file', copy: { content: 'wanted\n', dest: file } }, ...slow];
      const done = await run(tasks, write('wanted'), 1500, '-v');
      expect(outcomes(done.stdout)).toEqual(['ok: The file', 'ok: Slow question 1', 'ok: Slow question 2']);
    });

    test('a file that came into being is not replaced where only a missing one was to be made', async () => {
      const tasks = [{ name: 'The file', copy: { content: 'wanted\n', dest: file, force: false } }, ...slow];
      const done = await run(tasks, write('mine'), 1500, '-v');
      expect(done.stdout).toContain('| ok        | The file | /root/settings is there, and force is false\n');
      expect(await contents()).toEqual(['mine']);
    });

    test('a file that is edited again and again fails its task, untouched, and the next task is not begun', async () => {
      const writer = `setsid sh -c 'while :; do echo "mine $(date +%N)" >${file}; sleep 0.01; done' endless-writer </dev/null >/dev/null 2>&1 &`;
      await host().exec(writer);
      const tasks = [
        { name: 'The file', copy: { content: 'wanted\n', dest: file } },
        ...slow,
        { name: 'The next', command: 'touch /root/settings-next' },
      ];
      const done = await run(tasks, 'true', 0);
      expect(done.code).toBe(2);
      expect(done.stdout).toContain(
        'jack4 | failed    | The file\n    tasks/site.yml:4:7  (copy)\n' +
          '    changed since it was read: somebody else is changing it at the same time\n    hint: find out who, and run again\n',
      );
      await host().exec("pkill -f '[e]ndless-writer'; true");
      const left = await contents();
      expect(left.every((line) => line.startsWith('mine'))).toBe(true);
      expect(left.length).toBeLessThanOrEqual(1);
    });

    test('the same holds for its mode and for taking it away', async () => {
      await host().exec(`${write('old')}; chmod 600 ${file}`);
      const tasks = [{ name: 'It is gone', file: { path: file, state: 'absent' } }, ...slow];
      await run(tasks, write('mine'), 1500);
      const after = [{ name: 'Its mode', file: { path: file, state: 'file', mode: '0640' } }, ...slow];
      await host().exec(`${write('old')}; chmod 600 ${file}`);
      const done = await run(after, `chmod 604 ${file}`, 1500);
      expect(done.stdout).toContain('| ~ mode 0604 -> 0640');
    });
  });

  test('while an earlier task works: it is asked after that one, so the edit is in the diff', async () => {
    await host().exec(write('old'));
    const tasks = [
      { name: 'A slow change', command: 'sleep 2' },
      { name: 'The file', copy: { content: 'wanted\n', dest: file } },
    ];
    const done = await run(tasks, write('mine'), 1500);
    expect(done.stdout).toContain('      -mine\n      +wanted\n');
  });

  test('while the new content is validated: the validation does not make the edit go unseen', async () => {
    await host().exec(write('old'));
    const copy = { content: 'wanted\n', dest: file, validate: "sh -c 'echo it looks fine; sleep 2; cat %s'" };
    const done = await run([{ name: 'The file', copy }], write('mine'), 1500);
    expect(done.code).toBe(0);
    expect(done.stdout).toContain('      -mine\n      +wanted\n');
    expect(await host().exec('ls -A /root | grep heal; true')).toBe('');
  });

  test('while a large content is on its way', async () => {
    await host().exec(write('old'));
    const project = place.project({
      'inventory/hosts.yml': inventoryOf([host()]),
      'tasks/site.yml': playOf([
        { name: 'The file', copy: { content: `${'x'.repeat(300_000)}\n`, dest: file, force: true } },
      ]),
    });
    // The upload stands still while the host's sshd does.
    const done = place.heal(project, ['run', 'site']);
    for (let tries = 0; tries < 200; tries += 1) {
      if ((await host().attempt('ls -A /root | grep -q heal')).code === 0) break;
    }
    await host().exec(write('mine'));
    expect((await done).code).toBe(0);
    expect(await host().exec(`wc -c <${file}; ls -A /root | grep heal; true`)).toBe('300001\n');
  });
});
