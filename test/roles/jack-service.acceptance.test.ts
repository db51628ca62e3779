import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../lab/lab-suite.ts';
import { type Heal, healOn } from './run-heal.ts';

const realHosts = ['system', 'user'];

describeLab(
  'jack-service with the real OpenClaw',
  { hosts: realHosts, state: 'site', bots: false, openclaw: 'real' },
  (lab) => {
    let heal: Heal;
    beforeAll(() => {
      heal = healOn(lab().hosts, { system: { jack_service: 'system' }, user: { jack_service: 'user' } });
    });
    afterAll(() => heal?.remove());

    it.concurrent.each(realHosts)('ends healthy as a unit of the %s, and stays as it is', async (name) => {
      const first = await heal.run('run', 'jack-service', '--limit', name);
      expect(first.stdout).toMatch(/failed=0/);
      expect(first.code).toBe(0);
      const said = await lab().host(name).exec('openclaw health --json --timeout 10000');
      expect(JSON.parse(said)).toMatchObject({ ok: true });
      const second = await heal.run('run', 'jack-service', '--limit', name);
      expect(second.stdout).toMatch(/changed=0/);
      expect(second.code).toBe(0);
      const drill = await heal.run('drill', 'jack-service', '--limit', name, '--yes');
      expect(drill.stdout).toContain('Jack is a new process');
      expect(drill.code).toBe(0);
    });
  },
);
