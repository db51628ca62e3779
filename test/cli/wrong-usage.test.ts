import { describe, expect, test } from 'vitest';
import { directoryWith, healEntry, runHeal } from './built.ts';
import { transcriptProject } from './transcript-project.ts';

const { run } = transcriptProject();

describe('wrong usage ends with 5, names one error and its fix, and prints no usage', () => {
  test.each<[string, string[], string]>([
    ['no command', [], 'error: no command given\nhint: heal --help lists the commands\n'],
    ['an unknown command', ['rnu'], 'error: unknown command "rnu"\nhint: did you mean "run"?\n'],
    ['nothing like a command', ['xyzzy'], 'error: unknown command "xyzzy"\nhint: heal --help lists the commands\n'],
    ['an option alone', ['--limit', 'x'], 'error: no command before --limit\nhint: heal --help lists the commands\n'],
    [
      'an unknown option',
      ['run', 'site', '--limti', 'jack4'],
      'error: heal run has no option --limti\nhint: did you mean "--limit"?\n',
    ],
    [
      'an unknown letter',
      ['run', 'site', '-Z'],
      'error: heal run has no option -Z\nhint: heal run --help lists its options\n',
    ],
    [
      'an option of another command',
      ['ping', '--check'],
      'error: heal ping has no option --check\nhint: heal ping --help lists its options\n',
    ],
    ['no playbook', ['run'], 'error: heal run requires a playbook or a role\nhint: for example: heal run site\n'],
    [
      'a word too many',
      ['run', 'site', 'now'],
      'error: heal run accepts one argument; "now" is unexpected\nhint: heal run --help lists its options\n',
    ],
    [
      'an option without its value',
      ['run', 'site', '--limit'],
      'error: --limit requires a value\nhint: heal run --help describes it\n',
    ],
    [
      'forks that are not a number',
      ['run', 'site', '-f', 'many'],
      'error: --forks requires an integer from 1 to 1000, not "many"\nhint: for example: --forks 10\n',
    ],
    [
      'an output that does not exist',
      ['plan', 'site', '-o', 'yaml'],
      'error: --output is either text or json, not "yaml"\nhint: leave it out for text\n',
    ],
    [
      'a misspelt playbook',
      ['run', 'stie'],
      'error: there is no playbook or role "stie"\nhint: did you mean "site"?\n',
    ],
    [
      'a host that does not exist',
      ['run', 'site', '--limit', 'jack6'],
      'error: there is no host or group "jack6"\nhint: did you mean "jack4"?\n',
    ],
    [
      'a host that the playbook is not for',
      ['run', 'site', '--limit', 'bench'],
      'error: --limit bench leaves no host of site\nhint: its plays are for vps\n',
    ],
    [
      'a directory that does not exist',
      ['hosts', '--project', '/nowhere/at/all'],
      'error: there is no directory /nowhere/at/all\nhint: --project names the directory of a project\n',
    ],
  ])('%s', async (_name, args, stderr) => {
    expect(await run(...args)).toEqual({ code: 5, stdout: '', stderr });
  });

  test('a directory without a project', async () => {
    const cwd = directoryWith({ 'x.txt': '' });
    const { code, stderr } = await runHeal(healEntry, ['run', 'site'], { cwd });
    expect(code).toBe(5);
    expect(stderr).toBe(
      `error: no project here: neither ${cwd} nor a directory above it has inventory/ or tasks/\nhint: change to a project, or name it with --project\n`,
    );
  });
});

describe('wrong files end with 5 and show the line', () => {
  test('a syntax error', async () => {
    const { code, stdout, stderr } = await run('run', 'broken');
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toMatch(/^error: .+\n {2}--> tasks\/broken\.yml:\d+:\d+\n/);
    expect(stderr).toContain('hint: ');
  });

  test('an unknown key', async () => {
    const { code, stderr } = await run('run', 'unknown');
    expect(code).toBe(5);
    expect(stderr).toBe(
      [
        'error: a play has no key "task"',
        '  --> tasks/unknown.yml:2:3',
        '   |',
        ' 2 |   task:',
        '   |   ^',
        'hint: did you mean "tasks"?',
        '',
      ].join('\n'),
    );
  });
});
