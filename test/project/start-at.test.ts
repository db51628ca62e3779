import { describe, expect, test } from 'vitest';
import type { Task } from '../../src/core/playbook.ts';
import { startingAt, tasksFrom } from '../../src/project/playbook/start-at.ts';
import { errorsOf, load } from './project.ts';

const files = {
  'tasks/site.yml': `- hosts: vps
  name: First
  roles: [web]
  tasks: [{ name: one, command: x }]
- hosts: vps
  name: Second
  tasks:
    - { name: two, command: x }
    - { name: "three {{ greeting }}", command: x }
    - { name: four, command: x }
  handlers: [{ name: h, command: x }]
`,
  'roles/web/tasks/main.yml': '- { name: web is there, command: x }\n- { name: one, command: x }\n',
};
const shown = (task: Task): string => (task.name.source ?? '').replace('{{ greeting }}', 'hello');

describe('starting at a task', () => {
  test.each<[string, string[][]]>([
    [
      'web is there',
      [
        ['web is there', 'one', 'one'],
        ['two', 'three hello', 'four'],
      ],
    ],
    [
      'one',
      [
        ['one', 'one'],
        ['two', 'three hello', 'four'],
      ],
    ],
    [
      'web : one',
      [
        ['one', 'one'],
        ['two', 'three hello', 'four'],
      ],
    ],
    ['three hello', [['three hello', 'four']]],
    ['three {{ greeting }}', [['three hello', 'four']]],
    ['thr*', [['three hello', 'four']]],
    ['f?ur', [['four']]],
  ])('%s skips the tasks before it', async (name, left) => {
    const { playbook } = await load(files);
    const part = startingAt(playbook, name, shown);
    expect(part.plays.map((play) => play.tasks.map(shown))).toEqual(left);
    expect(part.plays.at(-1)?.handlers).toHaveLength(1);
  });

  test('that does not exist is an error', async () => {
    const { playbook } = await load(files);
    expect(await errorsOf(() => startingAt(playbook, 'fuor', shown))).toBe(
      '--start-at-task: there is no task "fuor" in site\n  did you mean "four"?',
    );
    expect(tasksFrom([], 'x', shown)).toBeUndefined();
  });
});
