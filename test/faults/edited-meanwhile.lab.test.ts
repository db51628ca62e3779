import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runsAllCases } from '../all-cases.ts';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { inventoryOf, outcomes, playOf, type Workplace, workplace } from './project.ts';

describeLab('a file that its owner edits while a run is under way', { hosts: ['jack4'] }, (lab) => {
  let place: Workplace;
  const host = (): LabHost => lab().host('jack4');
  beforeAll(() => {
    place = workplace();
  });
  afterAll(() => place?.remove());

  /** A directory of one test, for these run side by side; `write` is the script of an edit in it. */
  const scene = async (old?: string) => {
    const directory = (await host().exec('mktemp -d /root/scene.XXXXXX')).trim();
    const file = `${directory}/settings`;
    const write = (text: string) => `printf '${text}\n' >${file}`;
    if (old !== undefined) await host().exec(write(old));
    /** Shell text that tells the owner to edit, and goes on when that is done. */
    const meet = `: >${directory}.now; until [ -e ${directory}.edited ]; do sleep 0.1; done`;
    /**
     * Asked beside the question about the file, and answered together with it: it keeps both from being answered before
     * the owner has edited, who does so once the file has been looked at, that is when the answer about it (`g0`, of the
     * first task) is in the file of its group. There are two slow ones because a single one would be asked before it.
     */
    const waits = `[ -e ${directory}.edited ] && exit
      p=$$; until w=$(readlink /proc/$p/fd/1) && [ "\${w##*/group}" != "$w" ]; do p=$(awk '/^PPid:/ { print $2 }' /proc/$p/status); done
      until grep -q ' done g0 ' "\${w%/*}"/group[0-9]*; do sleep 0.1; done
      ${meet}`;
    const slow = ['true', waits].map((cmd, n) => ({ name: `Slow question ${n + 1}`, shell: { cmd, readonly: true } }));
    /** Runs these tasks, and the script on the host when one of them tells so. */
    const run = async (tasks: readonly object[], script: string, ...args: string[]) => {
      const project = place.project({ 'inventory/hosts.yml': inventoryOf([host()]), 'tasks/site.yml': playOf(tasks) });
      const edit = host().exec(
        `for n in $(seq 600); do [ -e ${directory}.now ] && break; sleep 0.1; done; [ -e ${directory}.now ] && ${script} && touch ${directory}.edited`,
      );
      const [done] = await Promise.all([place.heal(project, ['run', 'site', '-D', ...args]), edit]);
      return done;
    };
    /** Lines of all files there, in the order of their names. */
    const contents = async (): Promise<string[]> =>
      (await host().exec(`find ${directory} -type f | sort | xargs -r cat`)).split('\n').filter((line) => line !== '');
    return { directory, file, write, meet, slow, run, contents };
  };

  describe.concurrent('between asking and applying', () => {
    test('what was decided on the old state is dropped: it is decided on the new one, which is shown', async () => {
      const { file, write, slow, run } = await scene('old');
      const done = await run([{ name: 'It', copy: { content: 'wanted\n', dest: file } }, ...slow], write('mine'));
      expect(done.code).toBe(0);
      expect(done.stdout).toContain('      -mine\n      +wanted\n');
      expect(done.stdout).not.toContain('-old');
    });

    if (runsAllCases)
      test('with backup the owner finds the edit beside the file', async () => {
        const { file, write, slow, run, contents } = await scene('old');
        const copy = { content: 'wanted\n', dest: file, backup: true };
        const done = await run([{ name: 'It', copy }, ...slow], write('mine'));
        expect(done.code).toBe(0);
        expect(await contents()).toEqual(['wanted', 'mine']);
      });

    if (runsAllCases)
      test('an edit that makes it as it is wanted leaves nothing to do', async () => {
        const { file, write, slow, run } = await scene('old');
        const tasks = [{ name: 'It', copy: { content: 'wanted\n', dest: file } }, ...slow];
        const done = await run(tasks, write('wanted'), '-v');
        expect(outcomes(done.stdout)).toEqual(['ok: It', 'ok: Slow question 1', 'ok: Slow question 2']);
      });

    test('a file that came into being is not replaced where only a missing one was to be made', async () => {
      const { file, write, slow, run, contents } = await scene();
      const tasks = [{ name: 'It', copy: { content: 'wanted\n', dest: file, force: false } }, ...slow];
      const done = await run(tasks, write('mine'), '-v');
      expect(done.stdout).toContain(`| ok        | It | ${file} is there, and force is false\n`);
      expect(await contents()).toEqual(['mine']);
    });

    test('a file that is edited again and again keeps the last edit, its task fails, and the next is not begun', async () => {
      const { directory, file, contents } = await scene();
      await host().exec(
        `setsid sh -c 'while [ ! -e ${directory}/stop ]; do echo "mine $(date +%N)" >${file}; sleep 0.01; done; touch ${directory}.stopped' </dev/null >/dev/null 2>&1 &`,
      );
      const tasks = [
        { name: 'It', copy: { content: 'wanted\n', dest: file } },
        // Answered once the file is another one than it was before.
        ...[1, 2].map((n) => ({
          name: `Slow question ${n}`,
          shell: {
            cmd: `old=$(cat ${file}); until [ "$(cat ${file})" != "$old" ]; do sleep 0.1; done`,
            readonly: true,
          },
        })),
        { name: 'The next', command: `touch ${directory}/next` },
      ];
      const project = place.project({ 'inventory/hosts.yml': inventoryOf([host()]), 'tasks/site.yml': playOf(tasks) });
      const done = await place.heal(project, ['run', 'site', '-D']);
      expect(done.code).toBe(2);
      // Noticed before the change; or after it, where the owner's next edit came between the last look and the change.
      expect(done.stdout).toMatch(
        /^jack4 \| failed +\| It\n {4}tasks\/site\.yml:4:7 {2}\(copy\)\n {4}(changed since it was read: somebody else is changing it at the same time\n {4}hint: find out who, and run again|applied, but the host still differs: update )/m,
      );
      await host().exec(`touch ${directory}/stop; until [ -e ${directory}.stopped ]; do sleep 0.1; done`);
      expect(await contents()).toEqual([expect.stringMatching(/^mine \d+$/)]);
      expect(await host().exec(`ls -A ${directory}`)).toBe('settings\nstop\n');
    });

    if (runsAllCases)
      test('a mode that was changed meanwhile is set from what it is now', async () => {
        const { file, slow, run } = await scene('old');
        await host().exec(`chmod 600 ${file}`);
        const tasks = [{ name: 'It', file: { path: file, state: 'file', mode: '0640' } }, ...slow];
        const done = await run(tasks, `chmod 604 ${file}`);
        expect(done.stdout).toContain('| It | ~ mode 0604 -> 0640');
      });

    if (runsAllCases)
      test('while an earlier task works: it is asked after that one, so the edit is in the diff', async () => {
        const { file, write, meet, run } = await scene('old');
        const copy = { content: 'wanted\n', dest: file };
        const done = await run(
          [
            { name: 'A slow change', shell: meet },
            { name: 'It', copy },
          ],
          write('mine'),
        );
        expect(done.stdout).toContain('      -mine\n      +wanted\n');
      });

    if (runsAllCases)
      test('while the new content is validated: the validation does not make the edit go unseen', async () => {
        const { directory, file, write, meet, run } = await scene('old');
        const copy = { content: 'wanted\n', dest: file, validate: `sh -c 'echo it looks fine; ${meet}; cat %s'` };
        const done = await run([{ name: 'It', copy }], write('mine'));
        expect(done.code).toBe(0);
        expect(done.stdout).toContain('      -mine\n      +wanted\n');
        expect(await host().exec(`ls -A ${directory}`)).toBe('settings\n');
      });

    test('while a large content is on its way', async () => {
      const { directory, file, write } = await scene('old');
      const project = place.project({
        'inventory/hosts.yml': inventoryOf([host()]),
        'tasks/site.yml': playOf([{ name: 'It', copy: { src: 'large', dest: file } }]),
        'files/large': 'x'.repeat(60_000_000),
      });
      // As soon as a part has arrived, the owner writes; then it is told that the host saw both at once.
      const edit = host().exec(
        `for n in $(seq 1000); do ls -A ${directory} | grep -q heal && break; sleep 0.01; done; ${write('mine')}; ls -A ${directory}`,
      );
      const done = await place.heal(project, ['run', 'site']);
      expect(await edit).toMatch(/^\.heal-.*\nsettings\n$/);
      expect(done.code).toBe(0);
      expect(await host().exec(`wc -c <${file}; ls -A ${directory}`)).toBe('60000000\nsettings\n');
    });
  });
});
