import { describe, expect, test } from 'vitest';
import { transcriptProject } from './transcript-project.ts';

const { run } = transcriptProject();

describe('hosts that do not answer', () => {
  test('end a run with 4 and are named with a hint', async () => {
    const { code, stdout, stderr } = await run('run', 'site', '-l', 'jack4');
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' });
    expect(stdout).toContain('jack4 | unreachable | ');
    expect(stdout).toMatch(/jack4 +: ok=0 +changed=0 +unreachable=1 +failed=0 /);
    expect(stdout).toMatch(/\nhint: heal run site --limit "@.heal.retry.site.txt" works on the hosts that failed\n$/);
    expect((await run('run', 'site', '--list-hosts', '-l', '@.heal/retry/site.txt')).stdout).toContain('hosts (1):');
  });

  test('end a ping with 4', async () => {
    const { code, stdout } = await run('ping', 'vps');
    expect(code).toBe(4);
    expect(stdout).toMatch(/^jack4 \| unreachable \| /m);
    expect(stdout).toMatch(/\n0 of 2 hosts answered in \d+ ms\n$/);
  });

  test('are reported as JSON for programs, and as text for users', async () => {
    const { code, stdout, stderr } = await run('run', 'site', '-l', 'jack4', '-o', 'json');
    expect(code).toBe(4);
    const value = JSON.parse(stdout);
    expect(value).toMatchObject({ format: 1, playbook: 'site', complete: true });
    expect(value.hosts.jack4).toMatchObject({ unreachable: 1, error: { kind: 'unreachable' } });
    expect(stderr).toContain('jack4 | unreachable | ');
  });
});
