import { expect, test } from 'vitest';
import { windowsAgent } from '../../src/ssh/keys/windows-agent.ts';

test.each<[string, string[], string]>([
  ['OpenSSH, which comes first', ['pageant.coach.abc', 'openssh-ssh-agent'], 'openssh-ssh-agent'],
  ['Pageant of this user', ['wkssvc', 'pageant.coach2.aaa', 'pageant.Coach.f00d'], 'pageant.Coach.f00d'],
  ['none', ['pageant.other.abc', 'xpageant.coach.abc'], 'openssh-ssh-agent'],
])('the agent on Windows is that of %s', (_, names, pipe) => {
  expect(windowsAgent('coach', () => names)).toBe(`${String.raw`\\.\pipe`}\\${pipe}`);
});

test('pipes that cannot be listed leave the pipe of OpenSSH', () => {
  const refuse = (): never => {
    throw new Error('EPERM');
  };
  expect(windowsAgent('coach', refuse)).toBe(String.raw`\\.\pipe\openssh-ssh-agent`);
});
