import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runsAllCases } from '../all-cases.ts';
import { directoryWith, healEntry, runHeal } from '../cli/built.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { commandsIn } from './commands.ts';

const root = join(import.meta.dirname, '../..');
// A drill takes as long as the timers of the host do; the suite has one in jack-service.lab.test.ts.
const commands = commandsIn(root, 'README.md', 'heal').filter(
  ({ inline, words }) => !inline && (runsAllCases || words[0] !== 'drill'),
);

describeLab('the README, followed on a host', { hosts: ['jack4'], state: 'site', bots: false }, (lab) => {
  let project = '';
  beforeAll(() => {
    const { address, identityFile, knownHosts } = lab().host('jack4');
    project = directoryWith({});
    // As after a login by ssh: the key is in the user's own known_hosts, where heal looks.
    mkdirSync(join(project, '.ssh'));
    writeFileSync(join(project, '.ssh/known_hosts'), `${knownHosts.join('\n')}\n`);
    mkdirSync(join(project, 'inventory'));
    writeFileSync(
      join(project, 'inventory/hosts.yml'),
      [
        'all:',
        `  vars: { user: root, identity_file: ${identityFile} }`,
        '  children:',
        '    vps:',
        '      hosts:',
        `        jack4: { address: ${address} }`,
        '',
      ].join('\n'),
    );
  });

  test.each(commands)(
    '$at: $text',
    async ({ words }) => {
      // There is nobody to ask.
      const args = words[0] === 'drill' ? [...words, '--yes'] : words;
      const done = await runHeal(healEntry, args, { cwd: project, limitMs: 240_000 });
      expect([done.code, done.stderr], done.stdout).toEqual([0, '']);
      // This host has neither John nor Ross.
      if (words[0] === 'drill') {
        expect(done.stdout).toMatch(/^jack4 \| healed +\| drill jack-service : Jack is killed/m);
        expect(done.stdout).toMatch(/^jack4 \| skipped +\| drill revive-flags : A flag revives John \| when: /m);
      }
    },
    600_000,
  );

  test('a drill without --yes is refused where there is no terminal to ask on', async () => {
    const done = await runHeal(healEntry, ['drill', 'site'], { cwd: project });
    expect(done.code).toBe(5);
    expect(done.stderr).toContain('--yes runs them without asking');
  });
});
