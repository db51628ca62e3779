import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Event, TaskDone } from '../../src/core/event.ts';
import { modules } from '../../src/modules/registry.ts';
import { loadInventory } from '../../src/project/inventory/inventory.ts';
import { loadPlaybook } from '../../src/project/playbook/playbook.ts';
import { projectSide } from '../../src/run/playbook/project-side.ts';
import { runPlaybook } from '../../src/run/run.ts';
import { runsAllCases } from '../all-cases.ts';
import { directoryWith } from '../project/project.ts';
import fc from '../samples.ts';
import { engineShells, shells } from '../shell/shells.ts';
import { localConnection } from './local-connection.ts';

const { all, remove } = shells();
afterAll(remove);

const playbook = `- hosts: all
  tasks:
    - name: As content, and as a path
      copy: { content: "{{ content }}", dest: "{{ directory }}/{{ path }}" }
    - name: As an environment value
      shell: { cmd: "printf %s \\"$V\\" >{{ quote directory }}.environment" }
      environment: { V: "{{ text }}" }
    - name: As a word of a shell text
      shell: { cmd: "printf %s {{ quote text }} >{{ quote directory }}.word" }
    - name: As a word of a program
      command: { argv: [printf, "%s", "{{ text }}"], readonly: true }
      register: said
    - name: As what a program reads
      command: { cmd: cat, stdin: "{{ said.stdout }}", stdin_add_newline: false, readonly: true }
      register: read
    - name: As a user
      stat: { path: /etc/passwd }
      become_user: "{{ nobody }}"
      ignore_errors: true
`;

/** Any text that is no template itself; heal's own line feeds at the end of a result are cut, as `$( )` cuts them. */
const plain = (text: string): boolean => !text.includes('{{') && !text.includes('\0');
const anyText = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom(...'\'"$`\\\\\n\r\t !#%&*()[]{}<>|;~?=-,.:/^@+a\u0085\u2028\u{1f600}é'),
      maxLength: 40,
    }),
    fc.constantFrom('-n', '--', '$(id)', '`id`', "';id;'", '\\', 'a\nHEAL\n', '%s', '\u001b[31m', '~', '*', '!', 'EOF'),
  )
  .filter(plain);
const anyName = anyText
  .map((text) => text.replaceAll('/', '_'))
  .filter((text) => text !== '' && text !== '.' && text !== '..' && Buffer.byteLength(text) < 200);
const anyUser = fc.oneof(
  anyName.map((name) => `${name}?`),
  fc.stringMatching(/^x[a-z0-9_.-]{3,20}x$/),
);
const anyContent = fc.oneof(
  anyText,
  fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => !text.includes('{{')),
);

/** YAML that holds exactly this text, whatever an editor would make of its characters. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

describe.each(engineShells(all))('any string, under $name,', (shell) => {
  test('arrives unchanged as content, path, environment value, argument, input and user name', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyName, anyContent, anyUser, async (text, path, content, user) => {
        const directory = mkdtempSync(join(tmpdir(), 'heal-any-'));
        try {
          const done = await run(shell, { text, path, content, nobody: user, directory });
          expect(done.map(({ status }) => status)).toEqual(['changed', 'changed', 'changed', 'ok', 'ok', 'failed']);
          expect(readdirSync(directory)).toEqual([path]);
          expect(readFileSync(join(directory, path), 'utf8')).toBe(content);
          expect(readFileSync(`${directory}.environment`, 'utf8')).toBe(text);
          expect(readFileSync(`${directory}.word`, 'utf8')).toBe(text);
          const cut = text.replace(/\r?\n$/, '');
          expect(done[3]?.result?.['stdout']).toBe(cut);
          expect(done[4]?.result?.['stdout']).toBe(cut.replace(/\r?\n$/, ''));
          // A name that no account can have is refused; any other reaches the host, which has nobody of that name.
          expect(
            [user, JSON.stringify(user)].some((name) => done[5]?.message?.includes(name)),
            done[5]?.message,
          ).toBe(true);
        } finally {
          for (const end of ['', '.environment', '.word'])
            rmSync(`${directory}${end}`, { recursive: true, force: true });
        }
      }),
      // As many as there is time for: a run forks a hundred times.
      { numRuns: runsAllCases ? 12 : 6, interruptAfterTimeLimit: 30_000 },
    );
  });
});

async function run(shell: (typeof all)[number], variables: Readonly<Record<string, string>>): Promise<TaskDone[]> {
  const vars = Object.entries(variables).map(([name, value]) => `  ${name}: ${quoted(value)}\n`);
  const project = await directoryWith({
    'inventory/hosts.yml': `all:\n  hosts: { here: {} }\n  vars:\n${vars.map((line) => `  ${line}`).join('')}`,
    'tasks/site.yml': playbook,
  });
  const inventory = await loadInventory({ project, home: project, env: {} });
  const loaded = await loadPlaybook({
    project, shipped: project, name: 'site', catalogue: modules, inventory, home: project, env: {},
  }); // biome-ignore format: one line
  const events: Event[] = [];
  await runPlaybook({
    playbook: loaded,
    hostsOf: () => [...inventory.hosts.values()],
    bug: (error) => {
      throw error;
    },
    hostNamed: () => undefined,
    loginOf: () => ({}) as never,
    connect: (_login, first, onFrame) => localConnection(shell, first, onFrame),
    connectHere: () => Promise.reject(new Error('nothing is done here')),
    modules,
    forks: 1,
    mode: 'run',
    selected: () => true,
    check: false,
    deep: false,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    now: () => performance.now(),
    project: projectSide('any', { project, shipped: project }, () => {}),
  });
  return events.filter((event): event is TaskDone => event.type === 'task-done');
}
