import { describe, expect, test } from 'vitest';
import { runSync } from '../child.ts';
import { healEntry } from './built.ts';
import { transcriptProject } from './transcript-project.ts';

const { project, run } = transcriptProject();

describe('requested information', () => {
  test('the version, by option and with a command', async () => {
    const wanted = { code: 0, stdout: expect.stringMatching(/^heal \d+\.\d+\.\d+\n$/), stderr: '' };
    expect(await run('--version')).toEqual(wanted);
    expect(await run('run', '--version')).toEqual(wanted);
  });

  test('the help is one screen', async () => {
    const { code, stdout, stderr } = await run('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // With the prompt below it: 24 rows.
    expect(stdout.split('\n').length).toBeLessThanOrEqual(24);
    expect(stdout).toMatchInlineSnapshot(`
      "heal COMMAND ...

      Applies roles to hosts over SSH, and changes only what differs.

      Commands:
        heal run <playbook>          apply a playbook or a role to hosts
        heal plan <playbook>         show what run would change, and change nothing
        heal verify <playbook>       run the roles' verification checks
        heal drill <playbook>        break things on purpose and measure the recovery
        heal status [playbook]       show which failures each host would survive now
        heal ping [pattern]          log in to the hosts and show their systems
        heal hosts [pattern]         show the groups and hosts of the inventory
        heal vars <host> [name]      show a host's variables and where they come from
        heal backup <action> [host]  create, list, verify, restore, prune backups
        heal ssh <host> [command]    open a shell on a host, or run one command
        heal cp <source> <target>    copy a file or directory to or from a host

      Options:
        -h, --help     show this help, or that of a command                  [boolean]
            --version  show the version                                      [boolean]

      Exit codes: 0 success, 1 an error, 2 a host failed, 4 a host was unreachable
      (6 both), 5 wrong usage or files, 99 interrupted, 250 a bug in heal.
      "
    `);
  });

  test('help of a command, three ways', async () => {
    const { stdout } = await run('run', '--help');
    expect(stdout).toContain('heal run <playbook>\n\nApply a playbook or a role to hosts.\n');
    expect(stdout).toContain('-C, --check');
    expect((await run('help', 'run')).stdout).toBe(stdout);
    expect((await run('run', '-h')).stdout).toBe(stdout);
  });

  test('the hosts as a tree', async () => {
    expect(await run('hosts')).toEqual({
      code: 0,
      stdout: '@all\n  |--@vps\n  |  |--jack4\n  |  |--jack5\n  |--@lab\n  |  |--bench\n',
      stderr: '',
    });
    expect((await run('hosts', 'jack*', '--limit', '!jack5')).stdout).toBe('@all\n  |--@vps\n  |  |--jack4\n');
  });

  test('the hosts as JSON', async () => {
    const { stdout } = await run('hosts', 'vps', '-o', 'json');
    expect(JSON.parse(stdout)).toEqual({
      format: 1,
      hosts: {
        jack4: { groups: ['all', 'vps'], at: 'inventory/hosts.yml:5:9' },
        jack5: { groups: ['all', 'vps'], at: 'inventory/hosts.yml:6:9' },
      },
      groups: {
        all: { children: ['vps', 'lab'], hosts: ['jack4', 'jack5'] },
        vps: { children: [], hosts: ['jack4', 'jack5'] },
        lab: { children: [], hosts: [] },
      },
    });
  });

  test('the hosts of a run', async () => {
    const { code, stdout } = await run('run', 'site', '--list-hosts', '-l', 'jack4');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'playbook: site\n\n  play #1 (vps): Every VPS\n    hosts (1):\n      jack4\n',
    });
  });

  test('the tags of a run', async () => {
    expect((await run('run', 'tagged', '--list-tags')).stdout).toBe(
      'playbook: tagged\n\n  play #1 (vps): Tagged\n    task tags: [a, b]\n',
    );
  });

  test('the tasks of a run, one with a result in its name as it is written', async () => {
    expect(await run('run', 'after', '--list-tasks')).toEqual({
      code: 0,
      stdout: `playbook: after\n\n  play #1 (vps): vps\n    tasks:\n      Where jack4 stands\n      After {{ r.rc }} on {{ facts.os.id }}\n`,
      stderr: '',
    });
  });

  test('the tasks of a run that only some hosts have, without those that no host of the run has', async () => {
    const tasks = async (...more: string[]): Promise<string | undefined> =>
      (await run('run', 'apart', '--list-tasks', ...more)).stdout.split('tasks:\n')[1];
    expect(await tasks()).toBe(
      '      jack4 alone  HOSTS: [jack4]\n      jack5 too  TAGS: [b]  HOSTS: [jack5]\n      all  TAGS: [a]\n',
    );
    expect(await tasks('--limit', 'jack5')).toBe('      jack5 too  TAGS: [b]  HOSTS: [jack5]\n      all  TAGS: [a]\n');
  });

  test('the tasks of a run that starts later', async () => {
    const { stdout } = await run('run', 'tagged', '--list-tasks', '--start-at-task', 'tw*');
    expect(stdout).toBe('playbook: tagged\n\n  play #1 (vps): Tagged\n    tasks:\n      two  TAGS: [b, a]\n');
    expect(await run('run', 'tagged', '--start-at-task', 'tow')).toEqual({
      code: 5,
      stdout: '',
      stderr: 'error: --start-at-task: there is no task "tow" in tagged\nhint: did you mean "two"?\n',
    });
  });

  test('the variables of a host with where they come from', async () => {
    const { code, stdout, stderr } = await run('vars', 'jack4', '-p', 'tagged', '-e', 'extra=1');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(/ +/g, ' ')).toBe(
      [
        'jack4, as the play "Tagged" sees it',
        ' address = "127.0.0.1" inventory/hosts.yml:5 (host jack4)',
        ' extra = "1" -e:1 (-e)',
        ' later = {{ facts.os.id }} (known in a run) tasks/tagged.yml:3 (vars of the play)',
        ' port = 1 inventory/hosts.yml:5 (host jack4)',
        ' token = "***" inventory/group_vars/vps.yml:2 (group vps)',
        ' where = "host jack4" tasks/tagged.yml:3 (vars of the play)',
        '',
      ].join('\n'),
    );
  });

  test('one variable with the values that it overrides', async () => {
    expect((await run('vars', 'jack4', 'where', '-p', 'tagged')).stdout).toBe(
      [
        'jack4, as the play "Tagged" sees it',
        '  where = "host jack4"  tasks/tagged.yml:3 (vars of the play)',
        '    not "group", inventory/group_vars/vps.yml:1 (group vps)',
        '',
      ].join('\n'),
    );
    expect((await run('vars', 'jack4', 'where')).stdout).toContain('"group"');
    expect(await run('vars', 'jack4', 'wehre')).toEqual({
      code: 5,
      stdout: '',
      stderr: 'error: jack4 has no variable "wehre"\nhint: did you mean "where"?\n',
    });
    expect((await run('vars', 'vps')).stderr).toBe(
      'error: heal vars accepts one host, and "vps" matches several\nhint: name one of them\n',
    );
    const { views } = JSON.parse((await run('vars', 'jack4', 'where', '-p', 'tagged', '-o', 'json')).stdout);
    expect(views[0].variables).toEqual([
      {
        name: 'where',
        value: 'host jack4',
        from: 'vars of the play',
        at: 'tasks/tagged.yml:3:18',
        over: [{ value: 'group', from: 'group vps', at: 'inventory/group_vars/vps.yml:1:8' }],
      },
    ]);
  });

  test('a syntax check accepts names that exist only in a run', async () => {
    expect(await run('run', 'names', '--syntax-check')).toEqual({ code: 0, stdout: 'playbook: names\n', stderr: '' });
  });

  test('a syntax check accepts valid files', async () => {
    expect(await run('run', 'site', '--syntax-check')).toEqual({ code: 0, stdout: 'playbook: site\n', stderr: '' });
  });
});

test('a reader that closes the pipe is not an error', async () => {
  const script = `"${process.execPath}" "${healEntry}" run --help | head -c 10; echo " $?"`;
  expect(runSync('bash', ['-c', script], { cwd: project })).toMatch(/ 0\n$/);
});
