import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directoryWith, healEntry, startHeal } from '../cli/built.ts';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { runs, until } from '../until.ts';

describe.skipIf(noSshd !== undefined)('a run that is killed', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => {
    sshd?.stop();
  });

  it('releases the lock for the run that waits', async () => {
    const { port, key, knownHosts, directory } = sshd;
    const [started, done] = [join(directory, 'started'), join(directory, 'done')];
    const project = directoryWith({
      'inventory/hosts.yml': `all:\n  vars: { identity_file: ${key}, known_hosts_file: ${knownHosts} }\n  hosts:\n    jack4: { address: 127.0.0.1, port: ${port} }\n`,
      'tasks/long.yml': `- name: Long\n  hosts: all\n  tasks:\n    - { name: It takes long, shell: "echo $$ >${started}; sleep 600" }\n`,
      'tasks/short.yml': `- name: Short\n  hosts: all\n  tasks:\n    - { name: It is short, shell: ": >${done}" }\n`,
    });
    const long = startHeal(healEntry, ['run', 'long'], { cwd: project });
    await until('the first works', () => existsSync(started) && readFileSync(started, 'utf8').endsWith('\n'));
    let said = '';
    const short = startHeal(healEntry, ['run', 'short'], {
      cwd: project,
      onOutput: (text) => {
        said += text;
      },
    });
    await until('the second waits', () => said.includes('waiting for another run'));
    expect(said).toMatch(
      /jack4: waiting for another run that is changing this host: \S+@\S+, process \d+: heal run long, since 20\S+Z \(process \d+ on the host\)\n/,
    );
    const at0 = await startHeal(healEntry, ['run', 'short', '--lock-timeout', '0'], { cwd: project }).done;
    expect([at0.code, at0.stdout]).toEqual([2, expect.stringContaining('another run is changing this host: ')]);
    const wrong = await startHeal(healEntry, ['run', 'short', '--lock-timeout', 'soon'], { cwd: project }).done;
    expect([wrong.code, wrong.stderr]).toEqual([
      5,
      'error: --lock-timeout takes seconds from 0 to 86400, not "soon"\nhint: for example: --lock-timeout 60\n',
    ]);
    expect(existsSync(done)).toBe(false);
    long.kill('SIGKILL');
    await long.done;
    const { code, stdout } = await short.done;
    expect([code, stdout]).toEqual([0, expect.stringContaining('changed=1')]);
    expect(runs(Number(readFileSync(started, 'utf8')))).toBe(false);
  });
});
