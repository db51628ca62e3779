import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** Writes a project whose playbook `many` keeps a folder, files, links and contents: `count` tasks of `file` and `copy`. */
export function writeManyTasks(folder: string, count: number): void {
  const root = '/srv/many';
  const tasks: object[] = [{ name: 'the folder', file: { path: root, state: 'directory', mode: '0755' } }];
  for (let number = 1; tasks.length < count; number++) {
    const path = `${root}/${number}`;
    tasks.push(
      number % 2 === 0
        ? { name: `folder ${number}`, file: { path, state: 'directory', owner: 'root', mode: '0750' } }
        : { name: `text ${number}`, copy: { content: `number {{ number }}.${number}\n`, dest: path, mode: '0640' } },
    );
  }
  mkdirSync(join(folder, 'tasks'), { recursive: true });
  const play = { name: 'Many small things', hosts: 'vps', vars: { number: 250 }, tasks };
  writeFileSync(join(folder, 'tasks', 'many.yml'), stringify([play]));
}
