import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeLab } from '../lab/lab-suite.ts';
import { type Heal, healOn } from './run-heal.ts';

describeLab('a role alone', { hosts: ['jack4'], state: 'site', jack: 'stopped' }, (lab) => {
  let heal: Heal;
  beforeAll(() => {
    heal = healOn(lab().hosts);
  });
  afterAll(() => heal?.remove());

  test.each([
    ['revive-flags', 'heal run jack-service --limit jack4'],
    ['ross-access', 'heal run revive-flags --limit jack4'],
    ['ross-protocol', 'heal run ross-access --limit jack4'],
  ])('%s names the command for what it needs of another, and changes nothing', async (role, command) => {
    const { code, stdout } = await heal.run('run', role);
    expect(code).toBe(2);
    expect(stdout).toContain(command);
    expect(stdout).toMatch(/changed=0/);
  });
});
