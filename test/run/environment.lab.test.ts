import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { inventoryOf, type Workplace, workplace } from '../faults/project.ts';
import { describeLab } from '../lab/lab-suite.ts';

describeLab('environment', { hosts: ['jack4'] }, (lab) => {
  let place: Workplace;
  beforeAll(() => {
    place = workplace();
  });
  afterAll(() => place?.remove());

  /** Appends a name and what its process has as A, B, C and D. */
  const note = (name: string): string =>
    `echo "${name}: $A $B $C $D" >>/tmp/environment; chmod 666 /tmp/environment 2>/dev/null; :`;
  const odd = 'it\'s "quoted" $HOME `x` \\ é\ttab';

  test('reaches tasks, blocks, roles, handlers and checks, for other accounts too, and inner values win', async () => {
    const project = place.project({
      'inventory/hosts.yml': inventoryOf(lab().hosts),
      'roles/web/tasks/main.yml': stringify([{ name: 'Of a role', shell: note('role'), notify: 'A handler' }]),
      'roles/web/handlers/main.yml': stringify([
        { name: 'A handler', shell: note('handler'), environment: { D: 'own' } },
      ]),
      'roles/web/verify/main.yml': stringify([
        { name: 'A check', shell: { cmd: '[ "$A$B" = playrole ] && echo "$A $B"', readonly: true } },
      ]),
      'tasks/site.yml': stringify([
        {
          name: 'A play',
          hosts: 'all',
          environment: { A: 'play', B: 'play' },
          pre_tasks: [{ name: 'Of the play', shell: note('play') }],
          roles: [{ role: 'web', environment: { B: 'role' } }],
          tasks: [
            {
              name: 'A block',
              environment: { B: 'block', C: 'block' },
              block: [
                { name: 'In it', shell: note('block'), environment: { C: 'task' } },
                { name: 'As another account', shell: note('nobody'), become: true, become_user: 'nobody' },
              ],
            },
            { name: 'Any text', shell: 'printf %s "$D" >/tmp/odd', environment: { D: odd } },
            { name: 'Without a shell', command: 'printenv A', register: 'said' },
            { name: 'What was said', assert: { that: 'said.stdout == "play"' } },
          ],
        },
      ]),
    });
    const { code, stdout } = await place.heal(project, ['run', 'site']);
    expect(code, stdout).toBe(0);
    const host = lab().host('jack4');
    expect((await host.exec('cat /tmp/environment')).replaceAll(/ +$/gm, '').split('\n').sort()).toEqual([
      '',
      'block: play block task',
      'handler: play role  own',
      'nobody: play block block',
      'play: play play',
      'role: play role',
    ]);
    expect(await host.exec('cat /tmp/odd')).toBe(odd);
  });
});
