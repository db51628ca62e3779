import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Workplace, workplace } from '../faults/project.ts';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';

/** A playbook, and what its tasks append to the file `TRACE` if ansible-playbook runs it. */
interface Case {
  readonly play: string;
  /** More files of the project. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly trace: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  'index_var is the number of the item': {
    play: `
- hosts: a
  tasks:
    - shell: echo "{{ i }} {{ item }}" >>TRACE
      loop: [x, y]
      loop_control: { index_var: i }
`,
    trace: ['0 x', '1 y'],
  },
  'each result of a loop has its item': {
    play: `
- hosts: a
  tasks:
    - shell: echo out-{{ bot }}
      loop: [x, y]
      loop_control: { loop_var: bot, index_var: n }
      register: r
    - shell: echo "{{ item.n }} {{ item.bot }} {{ item.stdout }} {{ item.ansible_loop_var }}" >>TRACE
      loop: "{{ r.results }}"
`,
    trace: ['0 x out-x bot', '1 y out-y bot'],
  },
};

// Each case is a process of its own, as a user starts it.
describe.skipIf(noSshd !== undefined)('a playbook does what it does with ansible-playbook', () => {
  let place: Workplace;
  let sshd: Sshd;
  beforeAll(async () => {
    place = workplace();
    sshd = await startSshd();
  });
  afterAll(() => {
    sshd?.stop();
    place?.remove();
  });

  test.each(Object.entries(cases))('%s', async (_name, { play, files = {}, args = [], trace }) => {
    const traced = join(sshd.directory, 'trace');
    rmSync(traced, { force: true });
    const { user } = sshd.login();
    const login = { address: '127.0.0.1', port: sshd.port, user, identity_file: sshd.key };
    const host = { ...login, known_hosts_file: sshd.knownHosts };
    const shown = (text: string): string => text.replaceAll('TRACE', traced);
    const project = place.project({
      'inventory/hosts.yml': stringify({ all: { hosts: { a: host, b: host } } }),
      'tasks/play.yml': shown(play),
      ...Object.fromEntries(Object.entries(files).map(([name, text]) => [name, shown(text)])),
    });
    const { code, stdout, stderr } = await place.heal(project, ['run', 'play', ...args]);
    expect(code, stdout + stderr).toBe(0);
    expect(existsSync(traced) ? readFileSync(traced, 'utf8').trimEnd().split('\n') : []).toEqual(trace);
  });
});
