import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/**
 * Writes a project whose playbook `many` keeps a directory, files, links and contents: `count` tasks of `file` and
 * `copy`.
 */
export function writeManyTasks(directory: string, count: number): void {
  const root = '/srv/many';
  const tasks: object[] = [{ name: 'the directory', file: { path: root, state: 'directory', mode: '0755' } }];
  for (let number = 1; tasks.length < count; number++) {
    const path = `${root}/${number}`;
    tasks.push(
      number % 2 === 0
        ? { name: `directory ${number}`, file: { path, state: 'directory', owner: 'root', mode: '0750' } }
        : { name: `text ${number}`, copy: { content: `number {{ number }}.${number}\n`, dest: path, mode: '0640' } },
    );
  }
  mkdirSync(join(directory, 'tasks'), { recursive: true });
  const play = { name: 'Many small things', hosts: 'vps', vars: { number: 250 }, tasks };
  writeFileSync(join(directory, 'tasks', 'many.yml'), stringify([play]));
}
