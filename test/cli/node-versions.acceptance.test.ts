import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runChild } from '../child.ts';
import { playOf } from '../faults/project.ts';
import { cacheDirectory } from '../lab/places.ts';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { directoryWith, healEntry, type Transcript } from './built.ts';

const minutes = 60_000;

/** The node of another version, as an npm package has it; fetched once. */
async function nodeOf(version: string): Promise<string> {
  const name = `node-linux-${process.arch}`;
  const fetched = join(cacheDirectory, `${name}-${version}`);
  const node = join(fetched, 'package/bin/node');
  if (!existsSync(node)) {
    mkdirSync(fetched, { recursive: true });
    const commands = [
      ['npm', 'pack', '--silent', `${name}@${version}`],
      ['tar', '-xzf', `${name}-${version}.tgz`],
    ] as const;
    for (const [file, ...args] of commands) {
      const { code, stdout, stderr } = await runChild(file, args, { cwd: fetched, limitMs: 5 * minutes });
      expect(code, stdout + stderr).toBe(0);
    }
  }
  return node;
}

// The suite runs under one version of Node.js. These are the later ones with long-term support.
describe.skipIf(noSshd !== undefined).each(['22.23.5', '24.22.3', '26.12.1'])('under Node.js %s', (version) => {
  let node = '';
  let sshd: Sshd;
  beforeAll(async () => {
    node = await nodeOf(version);
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());

  function project(): { readonly directory: string; readonly heal: (...args: string[]) => Promise<Transcript> } {
    const directory = directoryWith({
      'inventory/hosts.yml': stringify({ all: { hosts: { jack4: sshd.variables } } }),
      'tasks/site.yml': playOf([{ copy: { dest: join(sshd.directory, 'file'), content: 'x' } }]),
    });
    const env = { PATH: process.env['PATH'] ?? '', HOME: directory };
    return { directory, heal: (...args) => runChild(node, [healEntry, ...args], { cwd: directory, env }) };
  }

  test('a run changes a host, and the next one finds compiled code and nothing to do', async () => {
    const { directory, heal } = project();
    for (const changed of [1, 0]) {
      const { code, stdout, stderr } = await heal('run', 'site');
      expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^jack4 +: ok=1 +changed=${changed} `, 'm'));
      expect(readdirSync(join(directory, '.cache/heal/compiled'))).toHaveLength(1);
    }
  });

  test.skipIf(process.getuid?.() !== 0)(
    'no compiled code is kept in the home directory of another account',
    async () => {
      const { directory, heal } = project();
      chownSync(directory, 65534, 65534);
      const { code, stdout, stderr } = await heal('run', 'site', '--list-tasks');
      expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
      expect(existsSync(join(directory, '.cache'))).toBe(false);
    },
  );
});
