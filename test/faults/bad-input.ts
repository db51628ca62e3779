import { afterAll, describe, expect, test } from 'vitest';
import { type Files, type Workplace, workplace } from './project.ts';

/** An inventory of a host that nothing listens on. */
export const hosts = 'all:\n  hosts:\n    jack4: { address: 127.0.0.1, port: 1 }\n';

/** A playbook with these tasks, written as they stand: the lines of the transcripts count. */
export function site(tasks: string): Files {
  const lines = tasks.split('\n').map((line) => (line === '' ? '' : `    ${line}`));
  return { 'tasks/site.yml': `- name: Site\n  hosts: all\n  tasks:\n${lines.join('\n')}\n` };
}

/** One case: what is in the project, what is called, and every word that is answered on stderr. */
export type Case = readonly [name: string, files: Files, stderr: string, args?: readonly string[]];

/** Makes a workplace that is removed after the tests of the file. */
export function ownWorkplace(): Workplace {
  const place = workplace();
  afterAll(() => place.remove());
  return place;
}

/** Defines the tests of groups of cases: that a run answers each with its text, and what holds for the text of any error. */
export function badInputs(
  place: Workplace,
  groups: readonly (readonly [group: string, cases: readonly Case[]])[],
): void {
  describe.each(groups)('%s: told before any connection, with 5, the line and what to do', (_title, cases) => {
    for (const [name, files, stderr, args = ['run', 'site']] of cases) {
      test(name, async () => {
        const project = place.project({ 'inventory/hosts.yml': hosts, ...files });
        expect(await place.heal(project, args)).toEqual({ code: 5, stdout: '', stderr });
      });
    }
  });

  describe('any error', () => {
    const all = groups.flatMap(([, cases]) => cases);

    test.each(all.map(([name, , stderr]) => [name, stderr] as const))(
      '%s: no stack, and one hint for each',
      (_, text) => {
        expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$|node:internal|\.heal\//m);
        expect(text.match(/^error: [^A-Z].*[^.]$/gm)?.length).toBe(text.match(/^hint: /gm)?.length);
      },
    );
  });
}
