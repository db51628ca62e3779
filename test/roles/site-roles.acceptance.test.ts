import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeLab } from '../lab/lab-suite.ts';
import { type Heal, healOn } from './run-heal.ts';

const two = ['jack4', { name: 'nora', subuidStart: 165_536 }];

describeLab('two hosts of one inventory that differ', { hosts: two, state: 'site', jack: 'stopped' }, (lab) => {
  let heal: Heal;
  beforeAll(() => {
    heal = healOn(lab().hosts);
    for (const directory of ['group_vars', 'host_vars']) mkdirSync(join(heal.inventory, directory));
    writeFileSync(join(heal.inventory, 'group_vars/vps.yml'), 'health_every: 20s\nrevive_per_hour: 3\n');
    writeFileSync(
      join(heal.inventory, 'host_vars/nora.yml'),
      `jack_service: user
watchdog_dir: /srv/watch
health_every: 40s
ross_access: flags-only
bots:
  - { name: jack, kind: service, unit: "{{ jack_unit }}", scope: "{{ jack_scope }}", url: "{{ jack_url }}" }
  - { name: ross, kind: container, container: openclaw-ross, folder: /root/openclaw-clients/ross }
`,
    );
  });
  afterAll(() => heal?.remove());

  test('become what their variables say, in one run, and stay so', async () => {
    const first = await heal.run('run', 'site');
    expect(first.stdout + first.stderr).toMatch(/nora +: .* failed=0/);
    expect(first.code).toBe(0);
    const second = await heal.run('run', 'site');
    expect(second.stdout.match(/changed=0 +unreachable=0 +failed=0/g)).toHaveLength(2);

    const of = (name: string, text: string): Promise<string> => lab().host(name).exec(text);
    expect(await of('jack4', 'getfacl -pnc /root/.openclaw | grep 101000')).toContain('user:101000:rwx');
    expect(await of('nora', 'getfacl -pnc /srv/watch/flags | grep 166536')).toContain('user:166536:rwx');
    expect(await of('nora', 'getfacl -pnc /root/.openclaw')).not.toMatch(/^user:\d/m);
    expect(await of('jack4', 'systemctl list-unit-files "openclaw-revive-*.path" --no-legend | wc -l')).toBe('3\n');
    expect(await of('nora', 'systemctl list-unit-files "openclaw-revive-*.path" --no-legend | wc -l')).toBe('2\n');
    expect(await of('nora', 'XDG_RUNTIME_DIR=/run/user/0 systemctl --user is-active openclaw-gateway')).toBe(
      'active\n',
    );
    expect(await of('jack4', 'grep OnUnitActiveSec /etc/systemd/system/openclaw-health.timer')).toContain('20s');
    expect(await of('nora', 'grep OnUnitActiveSec /etc/systemd/system/openclaw-health.timer')).toContain('40s');
    for (const name of ['jack4', 'nora'])
      expect(await of(name, 'cat /usr/local/lib/openclaw-heal/revive')).toContain('-lt 3 ]');
    expect(await of('nora', 'docker exec openclaw-ross ls /host')).toBe('watchdog-flags\n');
  });
});

describeLab('each role alone', { hosts: ['jack4'], state: 'site', jack: 'stopped' }, (lab) => {
  let heal: Heal;
  beforeAll(() => {
    heal = healOn(lab().hosts);
  });
  afterAll(() => heal?.remove());

  test('runs in the order in which they need each other', async () => {
    for (const role of ['jack-service', 'revive-flags', 'ross-access', 'ross-protocol', 'hardening', 'watchdog']) {
      const { code, stdout, stderr } = await heal.run('run', role);
      expect([role, code, stdout + stderr]).toEqual([role, 0, expect.stringContaining('failed=0')]);
      expect((await heal.run('run', role)).stdout).toMatch(/changed=0 +unreachable=0 +failed=0/);
    }
    expect((await heal.run('run', 'site')).stdout).toMatch(/changed=0 +unreachable=0 +failed=0/);
  });
});

describeLab('a VPS without a watchdog', { hosts: ['jack4'], state: 'site', jack: 'stopped' }, (lab) => {
  let heal: Heal;
  beforeAll(async () => {
    await lab().host('jack4').exec('rm -r /root/openclaw-watchdog/watchdog.sh /etc/cron.d/openclaw-watchdog');
    heal = healOn(lab().hosts, { jack4: { watchdog_every: '5s' } });
  });
  afterAll(() => heal?.remove());

  test('gets one, with snapshots, and it mends what is broken', async () => {
    for (const role of ['jack-service', 'watchdog']) expect((await heal.run('run', role)).code).toBe(0);
    expect((await heal.run('run', 'watchdog')).stdout).toMatch(/changed=0 +unreachable=0 +failed=0/);
    const host = lab().host('jack4');
    await host.exec('systemctl start openclaw-watchdog.service openclaw-snapshot-hourly.service');
    expect(await host.exec('ls /root/openclaw-backups/jack/hourly | tail -n 1')).toMatch(
      /^openclaw-\d{8}-\d{4}\.json$/m,
    );
    const { code, stdout } = await heal.run('drill', 'watchdog', '--yes');
    expect(stdout).toContain('healed');
    expect(code).toBe(0);
  });
});
