import { directoryWith, healEntry, runHeal, type Transcript } from './built.ts';

/** Makes a project for transcripts of the command, removed when the test file has ended, and what runs the command there. */
export function transcriptProject(): {
  readonly project: string;
  readonly run: (...args: string[]) => Promise<Transcript>;
} {
  const project = directoryWith({
    'inventory/hosts.yml': [
      'all:',
      '  children:',
      '    vps:',
      '      hosts:',
      '        jack4: { address: 127.0.0.1, port: 1 }',
      '        jack5: { address: 127.0.0.1, port: 1 }',
      '    lab: { hosts: { bench: {} } }',
      '',
    ].join('\n'),
    'tasks/site.yml': '- name: Every VPS\n  hosts: vps\n  tasks: []\n',
    'inventory/group_vars/vps.yml': 'where: group\ntoken: !secret-file token\n',
    token: 's3cret-token',
    'tasks/tagged.yml': [
      '- name: Tagged',
      '  hosts: vps',
      '  vars: { where: "host {{ inventory_hostname }}", later: "{{ facts.os.id }}" }',
      '  tags: b',
      '  tasks: [{ name: one, command: x }, { name: two, command: x, tags: a }]',
      '',
    ].join('\n'),
    'tasks/after.yml': [
      '- hosts: vps',
      '  tasks:',
      '    - { name: "Where {{ inventory_hostname }} stands", command: id, register: r }',
      '    - { name: "After {{ r.rc }} on {{ facts.os.id }}", command: x }',
      '',
    ].join('\n'),
    'tasks/apart.yml': [
      '- hosts: vps',
      '  tasks: [{ include_tasks: "parts/{{ inventory_hostname }}.yml" }, { name: all, command: x, tags: a }]',
      '',
    ].join('\n'),
    'tasks/parts/jack4.yml': '- { name: "{{ inventory_hostname }} alone", command: x }\n',
    'tasks/parts/jack5.yml': '- { name: "{{ inventory_hostname }} too", command: x, tags: b }\n',
    'tasks/names.yml': [
      '- hosts: vps',
      '  tasks:',
      '    - block: [{ command: echo 1, register: r }]',
      '      rescue: [{ meta: end_host, when: r.failed }]',
      '    - command: "echo {{ n }} {{ bot }} {{ r.rc }}"',
      '      loop: [john]',
      '      loop_control: { loop_var: bot, index_var: n, label: "{{ bot }}" }',
      '',
    ].join('\n'),
    'tasks/broken.yml': '- name: Every VPS\n  hosts: [vps\n',
    'tasks/unknown.yml': '- hosts: vps\n  task:\n    - name: x\n',
  });

  const run = (...args: string[]) => runHeal(healEntry, args, { cwd: project });
  return { project, run };
}
