import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runsAllCases } from '../all-cases.ts';
import { prepareAsNotes, prepareByHand } from '../lab/by-hand.ts';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { type Heal, type HealResult, healOn, wholeSiteMs } from './run-heal.ts';

const recap = /^\S+ +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+).*?(?:unknown=(\d+))?$/m;
const counts = ({ stdout }: HealResult) => {
  const [, , changed, , failed, unknown] = recap.exec(stdout) ?? [];
  return { changed: Number(changed), failed: Number(failed), unknown: Number(unknown ?? 0) };
};

/** What was said of one of the hosts: its lines, and those that are set in below them. */
const partOf = (result: HealResult, host: string): HealResult => {
  let of = '';
  const lines = result.stdout.split('\n').filter((line) => {
    if (/^\S/.test(line)) of = line.split(/[ |:]/, 1)[0] ?? '';
    return of === host;
  });
  return { ...result, stdout: `${lines.join('\n')}\n` };
};

/** Titles of tasks that change, without what a run adds to them. */
const changing = ({ stdout }: HealResult): string[] =>
  stdout
    .split('\n')
    .flatMap((line) => /^\S+ *\| (?:to change|changed(?: \(unproven\))?) *\| (.*)$/.exec(line)?.[1] ?? []);

// The suite has a fresh host in quick-start.lab.test.ts.
const hosts: readonly string[] = runsAllCases ? ['fresh', 'byhand', 'notes'] : ['notes'];

/** What the owner wrote himself, by its lines. */
const owned = {
  '/root/openclaw-clients/ross/docker-compose.yml': 'lines',
  '/root/openclaw-clients/john/docker-compose.yml': 'whole',
  '/root/openclaw-clients/ross/workspace/HEARTBEAT.md': 'lines',
  '/root/openclaw-clients/ross/workspace/notes.md': 'whole',
  '/root/openclaw-watchdog/watchdog.sh': 'whole',
  '/root/openclaw-backups/snapshot.sh': 'whole',
  '/root/.openclaw/openclaw.json': 'whole',
  '/etc/cron.d/openclaw-watchdog': 'whole',
} as const;

const read = (host: LabHost, path: string): Promise<string> => host.exec(`cat ${path}`);
const started = async (host: LabHost, container: string): Promise<string> =>
  (await host.exec(`docker inspect -f '{{.Id}} {{.State.StartedAt}}' ${container}`)).trim();

describeLab('the site on real hosts', { hosts: [...hosts], state: 'site', jack: 'stopped' }, (lab) => {
  let heal: Heal;
  const before: Record<string, Record<string, string>> = {};
  const runs: Record<string, { plan: HealResult; first: HealResult; second: HealResult }> = {};
  const containers: Record<string, Record<string, string>> = {};

  const record = async (name: string): Promise<void> => {
    const host = lab().host(name);
    before[name] = Object.fromEntries(
      await Promise.all(
        Object.keys(owned).map(async (path): Promise<[string, string]> => [path, await read(host, path)]),
      ),
    );
    containers[name] = { john: await started(host, 'openclaw-john'), ross: await started(host, 'openclaw-ross') };
  };

  /** Plans and applies the site on all hosts at once, twice, and records what they were before. */
  const apply = async (): Promise<void> => {
    await Promise.all(hosts.map(record));
    const plan = await heal.run('plan', 'site');
    const first = await heal.run('run', 'site');
    for (const name of hosts) {
      containers[name] = { ...containers[name], after: await started(lab().host(name), 'openclaw-ross') };
    }
    // With -vv the round trips are told of each host.
    const second = await heal.run('run', 'site', '-vv');
    for (const name of hosts) {
      runs[name] = { plan: partOf(plan, name), first: partOf(first, name), second: partOf(second, name) };
    }
  };

  beforeAll(async () => {
    heal = healOn(lab().hosts);
    // A snapshot at its minute of the hour would be a file that Ross may not read yet, between one run and the next.
    await Promise.all(
      lab().hosts.map((host) => host.exec("sed -i '/snapshot.sh hourly/d' /etc/cron.d/openclaw-watchdog")),
    );
    await Promise.all([
      prepareAsNotes(lab().host('notes')),
      ...(runsAllCases ? [prepareByHand(lab().host('byhand'), [1, 2, 3, 4, 5])] : []),
    ]);
    await apply();
  }, 3 * wholeSiteMs);
  afterAll(() => heal?.remove());

  describe.each(hosts)('from %s', (name) => {
    const of = () => {
      const run = runs[name];
      if (run === undefined) throw new Error(`${name} was not run`);
      return run;
    };

    test('a run ends verified, and the next one changes nothing', () => {
      const { first, second } = of();
      expect(first.stdout + first.stderr).toMatch(/failed=0/);
      expect(first.code).toBe(0);
      expect(second.stdout + second.stderr).toMatch(/changed=0 +unreachable=0 +failed=0/);
      expect(second.code).toBe(0);
      expect(second.stdout).toMatch(/\b2 round trips/);
    });

    test('the plan left three things open at most, and predicted all others', () => {
      const { plan, first } = of();
      expect(plan.code).toBe(0);
      expect(counts(plan).unknown).toBeLessThanOrEqual(3);
      const open = plan.stdout.split('\n').flatMap((line) => /^\S+ *\| unknown *\| (.*?) \| /.exec(line)?.[1] ?? []);
      const made = changing(first).filter((title) => !open.some((one) => title.startsWith(one)));
      expect(changing(plan)).toEqual(made);
    });

    test("the owner's own is still there, byte for byte where it is not ours", async () => {
      for (const [path, how] of Object.entries(owned)) {
        const was = before[name]?.[path] ?? '';
        const now = await read(lab().host(name), path);
        if (how === 'whole') expect([path, now]).toEqual([path, was]);
        else {
          // In their order, with ours between them.
          let rest = now.split('\n');
          for (const line of was.split('\n')) {
            // The plan's own health check, which asks for a process alone, is what is mended.
            if (/pgrep|retries: 3|interval: 30s|timeout: 10s|start_period|^ {2}## Watchdog/.test(line)) continue;
            const at = rest.indexOf(line);
            expect([path, line, at >= 0]).toEqual([path, line, true]);
            rest = rest.slice(at + 1);
          }
        }
      }
      expect(await read(lab().host(name), '/etc/docker/daemon.json')).toContain('"userns-remap": "default"');
      const heartbeat = await read(lab().host(name), '/root/openclaw-clients/ross/workspace/HEARTBEAT.md');
      expect(heartbeat.match(/## Watchdog Duty/g)).toHaveLength(1);
    });

    test('John is the process that he was, and Ross was recreated once', async () => {
      const host = lab().host(name);
      expect(await started(host, 'openclaw-john')).toBe(containers[name]?.['john']);
      // The host of the notes lacks neither a mount nor a health check of his own.
      expect(await started(host, 'openclaw-ross')).toBe(containers[name]?.['after']);
    });

    test('Jack is run in one way', async () => {
      const host = lab().host(name);
      const system = (await host.attempt('systemctl is-enabled openclaw-jack.service')).stdout.trim();
      const user = (
        await host.attempt('XDG_RUNTIME_DIR=/run/user/0 systemctl --user is-enabled openclaw-gateway.service')
      ).stdout.trim();
      expect([system === 'enabled', user === 'enabled']).toEqual(name === 'notes' ? [false, true] : [true, false]);
    });

    test('the score card finds all but the word to Coach, for whom there is no token, in one round trip', async () => {
      const { stdout } = await heal.run('status', '--limit', name, '-o', 'json');
      const { hosts: cards } = JSON.parse(stdout);
      const card = cards[name];
      const open = card.rows.filter((row: { holds: boolean }) => !row.holds);
      expect(open.map((row: { row: string; evidence: string }) => [row.row, row.evidence])).toEqual([
        ['Coach gets messages', 'not set up: there is no token'],
      ]);
      expect([card.score, card.of, card.roundTrips]).toEqual([9, 10, 1]);
    });
  });
});
