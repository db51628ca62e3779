import { beforeAll, describe, expect, test } from 'vitest';
import { runsAllCases } from '../all-cases.ts';
import type { Lab } from '../lab/lab.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { directoryWith, healEntry, runHeal } from './built.ts';

const playbook = `- name: A small site
  hosts: all
  tasks:
    - name: The directory is there
      directory: { path: /srv/app, mode: "0755" }
    - name: The settings are in place
      template: { src: app.conf.hbs, dest: /srv/app/app.conf, mode: "0640" }
    - name: Only elsewhere
      directory: { path: /srv/never }
      when: inventory_hostname == "elsewhere"
`;

function projectOn(lab: Lab): string {
  const hosts = lab.hosts.map((host) => `    ${host.name}: { address: ${host.address} }`);
  return directoryWith({
    'inventory/hosts.yml': [
      'all:',
      `  vars: { user: root, identity_file: ${lab.identityFile}, known_hosts_file: ${lab.knownHostsFile}, greeting: hello, token: !secret-env TOKEN }`,
      '  hosts:',
      ...hosts,
      '',
    ].join('\n'),
    'tasks/site.yml': playbook,
    'tasks/secret.yml':
      '- name: Secrets\n  hosts: all\n  tasks:\n    - name: Made of it\n      command: { argv: [echo, "{{ upper token }}", "{{ base64 token }}"] }\n    - name: It fails with {{ token }}\n      command: { argv: [sh, -c, "echo {{ token }}; exit 3"] }\n',
    'tasks/plans.yml': [
      '- name: What a plan runs',
      '  hosts: all',
      '  tasks:',
      '    - { name: It runs in a plan, command: touch /srv/ran, check_mode: false, notify: Told }',
      '    - { name: It is only planned, command: touch /srv/planned }',
      '    - { name: It is never applied, copy: { content: x, dest: /srv/checked }, check_mode: true }',
      '  handlers:',
      '    - { name: Told, command: touch /srv/handled, check_mode: false }',
      '',
    ].join('\n'),
    'tasks/slow.yml': '- name: Slow\n  hosts: all\n  tasks:\n    - name: It takes long\n      command: sleep 617\n',
    'templates/app.conf.hbs': 'greeting = {{ greeting }}\nname = {{ inventory_hostname }}\n',
  });
}

describeLab('the command on a real host', { hosts: ['jack4'] }, (lab) => {
  let project: string;
  beforeAll(() => {
    project = projectOn(lab());
  });
  const run = (...args: string[]) => runHeal(healEntry, args, { cwd: project, env: { TOKEN: 'hunter2222' } });
  const told = (text: string): string[] => text.split('\n').filter((line) => /^jack4 \| (?!waiting )/.test(line));

  test('a plan tells what a run then does, and afterwards there is nothing to do', async () => {
    const plan = await run('plan', 'site');
    expect(plan).toMatchObject({ code: 0, stderr: '' });
    expect(plan.stdout).toContain('plan: jack4: 2 to change\n');
    expect(plan.stdout).toContain('      +greeting = hello\n      +name = jack4\n');

    const first = await run('run', 'site');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(told(first.stdout)).toEqual(told(plan.stdout).map((line) => line.replace('to change', 'changed  ')));
    expect(first.stdout).toMatch(/jack4 +: ok=2 +changed=2 +unreachable=0 +failed=0 +skipped=1 /);

    const second = await run('run', 'site');
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(told(second.stdout)).toEqual([]);
    expect(second.stdout).toMatch(/jack4 +: ok=2 +changed=0 +unreachable=0 +failed=0 +skipped=1 /);
    expect((await run('plan', 'site')).stdout).toContain('plan: jack4: nothing to do\n');
  });

  if (runsAllCases)
    test('what somebody changed on the host is shown as a diff', async () => {
      await lab().host('jack4').exec('sed -i s/hello/bye/ /srv/app/app.conf');
      const { stdout } = await run('plan', 'site');
      expect(stdout).toContain('      -greeting = bye\n      +greeting = hello\n       name = jack4\n');
      expect((await run('run', 'site', '-e', 'greeting=welcome', '-D')).stdout).toContain(
        '      +greeting = welcome\n',
      );
    });

  test('a plan applies what has check_mode: false, and a run does not apply what has check_mode: true', async () => {
    const marks = () =>
      lab().host('jack4').exec('cd /srv; ls -d ran planned checked handled 2>/dev/null; rm -f ran handled');
    expect((await run('plan', 'plans')).code).toBe(0);
    expect(await marks()).toBe('handled\nran\n');
    expect((await run('run', 'plans')).code).toBe(0);
    expect(await marks()).toBe('handled\nplanned\nran\n');
  });

  test('a secret is seen neither in a name nor in what a command printed', async () => {
    for (const args of [['-vv'], ['-o', 'json']]) {
      const { code, stdout, stderr } = await run('run', 'secret', ...args);
      expect(code).toBe(2);
      expect(stdout + stderr).not.toContain('hunter2222');
      expect(stdout + stderr).not.toContain('HUNTER2222');
      expect(stdout + stderr).not.toContain(Buffer.from('hunter2222').toString('base64'));
      expect(stdout).toContain('***');
    }
  });

  if (runsAllCases)
    test('a secret that is a word of JSON leaves the document valid', async () => {
      const { stdout } = await runHeal(healEntry, ['run', 'secret', '-o', 'json'], {
        cwd: project,
        env: { TOKEN: 'false' },
      });
      expect(JSON.parse(stdout)).toMatchObject({ check: false, hosts: { jack4: { failed: 1 } } });
      expect(stdout).toContain('***');
    });

  test('ping tells what a host is', async () => {
    const { code, stdout } = await run('ping');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^jack4 \| pong \| root@[\d.]+, Debian GNU\/Linux 13 \(trixie\), in [\d.]+ m?s\n/);
  });

  describe('Ctrl-C while a command runs on the host', () => {
    let code: number | null;
    beforeAll(async () => {
      let heard = '';
      let sent = false;
      const ended = await runHeal(healEntry, ['run', 'slow', '-vv'], {
        cwd: project,
        env: { TOKEN: 'hunter2222' },
        onOutput: (text, kill) => {
          heard += text;
          if (sent || !heard.includes('asking')) return;
          sent = true;
          const begun = 'for n in $(seq 600); do pgrep -f "slee[p] 617" && exit 0; sleep 0.1; done; exit 1';
          lab()
            .host('jack4')
            .attempt(begun)
            .then(() => kill('SIGINT'));
        },
      });
      code = ended.code;
    });

    test('ends heal with 99', () => {
      expect(code).toBe(99);
    });

    test('ends the command, too', async () => {
      const gone = 'for n in $(seq 600); do pgrep -f "slee[p] 617" || exit 0; sleep 0.1; done; exit 1';
      expect((await lab().host('jack4').attempt(gone)).code).toBe(0);
    });
  });
});
