import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeLab } from '../lab/lab-suite.ts';
import { until } from '../until.ts';
import { type Heal, healOn } from './run-heal.ts';

const database = '/root/.openclaw/state/openclaw.sqlite';
const transcript = '/root/.openclaw/agents/main/sessions/1.jsonl';
const healthy = 'curl -fs -m 3 http://127.0.0.1:18789/healthz';

describeLab('a backup of the real OpenClaw', { hosts: ['jack4'], state: 'site', openclaw: 'real' }, (lab) => {
  let heal: Heal;
  let kept = '';
  beforeAll(() => {
    heal = healOn(lab().hosts);
    kept = mkdtempSync(join(tmpdir(), 'heal-kept-'));
  });
  afterAll(() => {
    heal?.remove();
    rmSync(kept, { recursive: true, force: true });
  });

  test('brings Jack back with the newest rows and transcripts after his directory was wrecked', async () => {
    const host = lab().host('jack4');
    const run = await heal.runFor(400_000, 'run', 'site');
    expect(run.code, run.stdout + run.stderr).toBe(0);
    // A row that is only in the write-ahead log of the database that the gateway has open.
    await host.exec(`sqlite3 ${database} 'create table heal_probe(x); insert into heal_probe values(42)'`);
    await host.exec(`mkdir -p $(dirname ${transcript}) && echo '{"said":"hello"}' >${transcript}`);
    const backup = await heal.run('backup', 'jack4', '-e', `backup_dest=${kept}/jack4`);
    expect(backup.code, backup.stdout + backup.stderr).toBe(0);

    // A damaged backup stops nobody, and after a restore that fails Jack is started again.
    const restore = (...args: string[]) =>
      heal.runFor(400_000, 'backup', 'restore', 'jack4', '--to', 'host', '--backups', kept, ...args);
    const pid = (): Promise<string> => host.exec('systemctl show -P MainPID openclaw-jack');
    const before = await pid();
    const [name = ''] = readdirSync(join(kept, 'jack4')).filter((entry) => !entry.startsWith('.'));
    const archive = join(kept, 'jack4', name, 'archive.tar.gz');
    const good = readFileSync(archive);
    writeFileSync(archive, good.subarray(10));
    const damaged = await restore();
    writeFileSync(archive, good);
    expect([damaged.code, damaged.stderr]).toEqual([2, expect.stringContaining('is damaged')]);
    expect(await pid()).toBe(before);
    const refused = await restore('--only', '/root/.openclaw/none');
    expect([refused.code, refused.stdout]).toEqual([2, expect.stringContaining('none is not in the backup')]);
    expect(await pid()).not.toBe(before);
    await until('Jack answers again', async () => (await host.attempt(healthy)).code === 0, 200_000);

    await host.exec('find /root/.openclaw -mindepth 1 -delete; echo "{ wrecked" >/root/.openclaw/openclaw.json');
    const restored = await restore();
    expect(restored.code, restored.stdout + restored.stderr).toBe(0);

    expect(await host.exec(healthy)).toContain('"ok":true');
    expect(await host.exec(`sqlite3 ${database} 'select x from heal_probe; pragma integrity_check'`)).toBe('42\nok\n');
    expect(await host.exec(`cat ${transcript}`)).toBe('{"said":"hello"}\n');
    expect(await host.exec('cat /root/.openclaw.before-*/openclaw.json')).toContain('wrecked');
    // Ross looks at the restored directory, and nothing is left to be done.
    await until('Ross sees the transcript', async () => {
      const seen = await host.attempt(
        `docker exec openclaw-ross cat ${transcript.replace('/root/.openclaw', '/host/jack-config')}`,
      );
      return seen.stdout === '{"said":"hello"}\n';
    });
    const still = async (): Promise<boolean> =>
      /changed=0 +unreachable=0 +failed=0/.test((await heal.run('run', 'site')).stdout);
    await until('a run that changes nothing', still, 120_000);
  }, 1_500_000);
});
