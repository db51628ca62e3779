import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Login } from '../../src/core/connection.ts';
import { readConfigFiles } from '../../src/ssh/config/config-file.ts';
import { withConfig } from '../../src/ssh/config/config-login.ts';
import { testLogin } from './sshd.ts';

/** Environment variables that configs of tests refer to. */
const env = { AGENT: '/run/agent', EMPTY: '' };

/**
 * The login of a host that the inventory says nothing of but its name, with `HOME/.ssh/config` and, for the system's,
 * `HOME/etc/ssh_config`.
 */
export async function loginOfHome(home: string, name: string, changes: Partial<Login> = {}): Promise<Login> {
  const files = await readConfigFiles({
    user: join(home, '.ssh/config'),
    system: join(home, 'etc/ssh_config'),
    userDirectory: join(home, '.ssh'),
    systemDirectory: join(home, 'etc'),
    home,
    uid: process.getuid?.(),
  });
  const knownHostsFile = join(home, '.ssh/known_hosts');
  const login = testLogin({ name, address: name, user: 'me', knownHostsFile, ...changes });
  const side = {
    home,
    cwd: '/work',
    env,
    localUser: 'me',
    localHost: 'desk.example',
    uid: 7,
    systemDirectory: '/etc/ssh',
  };
  return withConfig(login, files, side);
}

/** Registers hooks for the directory of a test file's homes, and returns a function that makes a home with these files below it. */
export function madeHomes(): (files: Readonly<Record<string, string>>) => string {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-config-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return (files) => {
    const home = mkdtempSync(join(directory, 'home-'));
    mkdirSync(join(home, '.ssh'));
    mkdirSync(join(home, 'etc'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text.replaceAll('HOME', home));
    return home;
  };
}
