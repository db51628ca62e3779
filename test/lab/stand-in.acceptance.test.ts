import { expect, test } from 'vitest';
import { startLab } from './lab.ts';
import { describeLab } from './lab-suite.ts';
import { poll } from './process-identity.ts';

describeLab('the real OpenClaw', { state: 'site', openclaw: 'real', jack: 'stopped', hosts: ['real'] }, (lab) => {
  test('its user unit is, word for word, what the stand-in writes, and its gateway answers', async () => {
    const host = lab().host('real');
    const install = 'XDG_RUNTIME_DIR=/run/user/0 openclaw gateway install --force';
    await host.exec(`loginctl enable-linger root; sleep 1; ${install}`);
    const real = await host.exec('cat /root/.config/systemd/user/openclaw-gateway.service');
    const answers = () =>
      host.attempt('curl -fs http://127.0.0.1:18789/healthz').then(({ code }) => code === 0 || undefined);
    expect(await poll(answers, 60_000)).toBe(true);
    const twin = await startLab({ state: 'site', jack: 'stopped', hosts: ['twin'] });
    await twin.host('twin').exec(`loginctl enable-linger root; sleep 1; ${install}`);
    expect(await twin.host('twin').exec('cat /root/.config/systemd/user/openclaw-gateway.service')).toBe(real);
    twin.stop();
  }, 180_000);
});
