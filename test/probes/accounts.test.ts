import { describe, expect, test } from 'vitest';
import type { Question } from '../../src/core/probe.ts';
import { authorizedKeys } from '../../src/probes/authorized-keys.ts';
import { crontab } from '../../src/probes/crontab.ts';
import { userDetails } from '../../src/probes/user-details.ts';
import { ask, shells } from '../modules/on-this-machine.ts';

for (const shell of shells()) {
  describe.skipIf(shell.missing !== undefined)(`probes of accounts under ${shell.name}`, () => {
    const all = (questions: readonly Question<unknown>[]) => {
      const states = ask(shell, questions);
      return questions.map((question) => states.get(question.key));
    };

    test('an account with its groups; a password is compared on the host', () => {
      const states = all([
        userDetails('root', undefined),
        userDetails('no-one', undefined),
        userDetails('root', '$6$no'),
      ]);
      expect(states).toMatchObject([
        { kind: 'present', value: { name: 'root', uid: 0, gid: 0, group: 'root', home: '/root' } },
        { kind: 'absent' },
        { kind: 'present', value: { name: 'root', passwordIs: false } },
      ]);
    });

    test.skipIf(process.getuid?.() !== 0)('only root can compare a password', () => {
      const nobody = { ...shell, enter: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] };
      // Of root itself, nss-systemd tells anybody a shadow that is none.
      const question = userDetails('daemon', '$6$no');
      expect(ask(nobody, [question]).get(question.key)).toMatchObject({ kind: 'denied' });
    });

    test('the keys of an account are read', () => {
      const states = all([authorizedKeys('root'), authorizedKeys('no-one'), authorizedKeys('daemon')]);
      expect(states).toMatchObject([
        { kind: 'present', value: { uid: 0, gid: 0, home: '/root' } },
        { kind: 'absent' },
        { kind: 'present', value: { home: '/usr/sbin', text: '' } },
      ]);
    });

    test('a crontab is read, or the missing program is reported', () => {
      const [state] = all([crontab(undefined)]);
      if (state?.kind === 'unavailable')
        expect(state.why).toMatch(/^the host has no crontab: install cron$|can't change directory/);
      else expect(['present', 'absent']).toContain(state?.kind);
    });
  });
}
