import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { aboutRun, writeCrash } from '../../src/cli/crash.ts';
import { masker, Secret } from '../../src/core/secret.ts';
import { directoryWith, healEntry, runHeal } from './built.ts';

const mask = masker([new Secret('hunter22')]);
const bug = new TypeError('hunter22 is no function', { cause: new Error('the deeper cause') });

test('a bug is recorded with its stack, its causes and the command line, but without secrets', () => {
  const directory = directoryWith({});
  const file = writeCrash(bug, ['heal 0.1.0', 'heal run site -e token=hunter22'], directory, mask) ?? '';
  expect(file).toMatch(/\.heal[\\/]crash-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.txt$/);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('heal run site -e token=***\n');
  expect(text).toContain('TypeError: *** is no function\n    at ');
  expect(text).toContain('the deeper cause');
  expect(text).not.toContain('hunter22');
  expect(statSync(file).mode & 0o077).toBe(0);
});

test('if the project is not writable, the report is written to the directory for temporary files', () => {
  const directory = directoryWith({});
  writeFileSync(join(directory, '.heal'), 'in the way');
  const temporary = directoryWith({});
  vi.stubEnv('TMPDIR', temporary);
  const file = writeCrash(bug, [], directory, mask) ?? '';
  vi.unstubAllEnvs();
  expect(dirname(dirname(file))).toBe(temporary);
  expect(statSync(dirname(file)).mode & 0o077).toBe(0);
  expect(readFileSync(file, 'utf8')).toContain('TypeError');
});

test.each([
  [['run', 'site', '-e', 'token=hunter22 b=2', '--limit', 'a=b'], 'heal run site -e token=*** --limit a=b'],
  [['run', 'site', '-etoken=hunter22', '-be', 'x=hunter22'], 'heal run site -etoken=*** -be x=***'],
  [['run', 'site', '--extra-vars', '{"token": "hunter22"}'], 'heal run site --extra-vars ***'],
  [['run', 'site', '--extra-vars=token=hunter22\nb'], 'heal run site --extra-vars=token=***'],
  [['run', 'site', '-e', '@secrets.yml', '--become'], 'heal run site -e @secrets.yml --become'],
])('the command line %j is recorded without the values of variables', (args, line) => {
  expect(aboutRun('0.1.0', args)[1]).toBe(line);
});

test('a command that waits for something that does not come is a bug, and no success', async () => {
  const cwd = directoryWith({
    // Replaces the function that reads the inventory with one that never answers.
    'never.mjs': `import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
const { readFile } = files;
files.readFile = (file, ...more) => (String(file).endsWith('.yml') ? new Promise(() => {}) : readFile(file, ...more));
syncBuiltinESMExports();
`,
    'inventory/hosts.yml': 'all: { hosts: { a: } }\n',
  });
  const env = { NODE_OPTIONS: `--import=${join(cwd, 'never.mjs')}` };
  const { code, stdout, stderr } = await runHeal(healEntry, ['hosts'], { cwd, env });
  expect(code, stdout).toBe(250);
  expect(stderr).toContain('the command waits for something that does not come');
});
