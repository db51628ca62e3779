import { beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { cron } from '../../src/modules/cron.ts';
import { runsAllCases } from '../all-cases.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { labShell } from './lab-shell.ts';
import { apply, converge, decide, inputOf, type Shell } from './on-this-machine.ts';
import { proven, titles } from './proven.ts';

describeLab('cron on a real host', { hosts: ['bare'] }, (lab) => {
  let shell: Shell = { name: '', sh: '', path: '' };
  const exec = (text: string) => lab().host('bare').exec(text);
  const run = (args: JsonObject) =>
    converge(shell, cron, {
      minute: '*', hour: '*', day: '*', month: '*', weekday: '*', disabled: false, crontab: false, state: 'present', ...args,
    }); // biome-ignore format: a table

  beforeAll(() => {
    shell = labShell(lab().host('bare'));
  });

  test('a file in /etc/cron.d is there, then gone', async () => {
    const args = { name: 'app-acls', schedule: '*/10 * * * *', job: '/usr/bin/true' };
    expect(titles(proven(run(args)))[0]).toMatch(/^create \/etc\/cron\.d\/app-acls/);
    expect(await exec('stat -c "%a %U %G" /etc/cron.d/app-acls; tail -n 2 /etc/cron.d/app-acls')).toBe(
      '644 root root\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n*/10 * * * * root /usr/bin/true\n',
    );
    await exec('chmod 600 /etc/cron.d/app-acls');
    expect(titles(proven(run(args)))).toEqual(['mode 0600 -> 0644']);
    expect(titles(run(args))).toEqual([]);
    proven(run({ name: 'app-acls', state: 'absent' }));
    expect(titles(run({ name: 'app-acls', state: 'absent' }))).toEqual([]);
  });

  if (runsAllCases)
    test("cron runs it, with heal's PATH", async () => {
      proven(run({ name: 'app-tick', schedule: '* * * * *', job: 'echo "$PATH" >/run/app-tick' }));
      await exec('for i in $(seq 75); do [ -s /run/app-tick ] && exit; sleep 1; done; exit 1');
      expect(await exec('cat /run/app-tick')).toMatch(/^\/usr\/local\/sbin:/);
    }, 120_000);

  test("a crontab's other lines stay, and Ansible's entry is adopted", async () => {
    const args = { name: 'check dirs', crontab: true, minute: '5', job: 'ls %$HOME' };
    expect(titles(proven(run({ ...args, user: 'root' })))).toEqual(['put "check dirs" in the crontab of root']);
    await exec(`printf '%s\\n' '# mine' '#Ansible: check dirs' '0 1 * * * old' '@daily other' | crontab -`);
    expect(titles(proven(run(args)))).toEqual(['update "check dirs" in the crontab of root']);
    expect(await exec('crontab -l')).toBe('# mine\n#Ansible: check dirs\n5 * * * * ls %$HOME\n@daily other\n');
    proven(run({ name: 'check dirs', crontab: true, state: 'absent' }));
    expect(await exec('crontab -l')).toBe('# mine\n@daily other\n');
  });

  test("another account's crontab, and one who does not exist", async () => {
    proven(run({ name: 'a', crontab: true, user: 'nobody', special_time: 'weekly', job: '/bin/true' }));
    expect(await exec('crontab -u nobody -l')).toBe('#Ansible: a\n@weekly /bin/true\n');
    expect(run({ name: 'a', crontab: true, user: 'no-one-like-this', job: 'x' }).first.failed).toMatch(/unknown|user/);
  });

  test('a crontab that was edited meanwhile is not overwritten', async () => {
    const args = { name: 'b', crontab: true, schedule: '* * * * *', job: 'x', state: 'present', disabled: false };
    const { decision, states } = decide(shell, cron, args, inputOf());
    await exec("echo '@daily edited' | crontab -");
    const [change] = decision.changes;
    if (change === undefined) throw new Error('no change');
    expect(apply(shell, change, states).code).toBe(97);
    expect(await exec('crontab -l')).toBe('@daily edited\n');
  });
});
