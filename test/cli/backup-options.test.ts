import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { backupProject } from './backup-project.ts';
import { directoryWith } from './built.ts';

const { backups, run, keep } = backupProject();
beforeAll(async () => {
  await keep('jack4', new Date());
});

describe('heal backup', () => {
  test('refuses an option of another action, and removes nothing', async () => {
    const before = readdirSync(join(backups, 'jack4'));
    const rows = [
      ['list', '--keep', 'last=1', 'keep', 'prune'],
      ['list', '--check', undefined, 'check', 'prune'],
      ['list', '--all', undefined, 'all', 'verify'],
      ['list', '--max-age', '2d', 'max-age', 'verify'],
      ['restore', '--lock-timeout', '1', 'lock-timeout', 'restore --to host'],
      ['verify', '--to', 'x', 'to', 'restore'],
      ['restore', '--check', undefined, 'check', 'prune'],
      ['prune', '--at', '2026', 'at', 'restore'],
      ['prune', '--only', '/a', 'only', 'restore'],
      ['list', '--forks', '1', 'forks', 'HOST'],
      ['verify', '--inventory', 'x', 'inventory', 'HOST'],
      ['restore', '--ask-become-pass', undefined, 'ask-become-pass', 'HOST'],
      ['jack4', '--keep', 'last=1', 'keep', 'prune'],
    ] as const;
    for (const [action, flag, value, name, owner] of rows) {
      const shown = action === 'jack4' ? 'HOST' : action;
      const host = action === 'jack4' ? [] : ['jack4'];
      expect(await run(action, ...host, flag, ...(value === undefined ? [] : [value]))).toEqual({
        code: 5,
        stdout: '',
        stderr: `error: heal backup ${shown} has no option --${name}\nhint: --${name} is an option of heal backup ${owner}\n`,
      });
    }
    expect((await run('jack4', '--backups', 'x')).stderr).toBe(
      'error: heal backup HOST has no option --backups\nhint: the variable backup_dest sets the directory that a backup is written to: -e backup_dest=DIR\n',
    );
    expect(readdirSync(join(backups, 'jack4'))).toEqual(before);
  });

  test('accepts the options of run for the backup of a host', async () => {
    const inventory = directoryWith({ 'hosts.yml': 'vps: { hosts: { other: { address: 127.0.0.1, port: 9 } } }\n' });
    const options = ['-u', 'bob', '-b', '-f', '1', '-v', '-e', 'a=1', '--check'];
    const { code, stdout, stderr } = await run('other', '-i', inventory, ...options);
    expect({ code, stdout, stderr }).toMatchObject({ code: 4, stdout: expect.stringContaining('127.0.0.1:9') });
  });
});
