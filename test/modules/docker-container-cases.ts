import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision, Module } from '../../src/core/module.ts';
import { container as containerModule } from '../../src/modules/container.ts';
import { container } from '../../src/probes/container.ts';
import { runsAllCases } from '../all-cases.ts';
import { type DockerHost, looks, proven } from './docker-host.ts';
import { apply, ask, type Converged, converge, decide, inputOf } from './on-this-machine.ts';

/** Cases of the module container on a host where openclaw-john, openclaw-ross and a container worker run. */
export function containerCases({ shell, exec, started }: DockerHost): void {
  describe('the container module and its probe', () => {
    const run = (args: JsonObject, module: Module = containerModule): Converged => converge(shell(), module, args);

    test('existing containers are distinguished from missing ones, and matched only by their whole names', async () => {
      const id = await exec("docker inspect -f '{{.Id}}' openclaw-john");
      const names = ['openclaw-john', 'nothing-like-this', 'openclaw-ross', id.slice(0, 12)];
      const questions = names.map((name) => container(name));
      const states = ask(shell(), questions);
      expect(questions.map(({ key }) => states.get(key))).toMatchObject([
        {
          kind: 'present',
          value: {
            name: 'openclaw-john', id: id.trim(), image: 'openclaw:lab', status: 'running', restartPolicy: 'unless-stopped', checked: false,
            mounts: [
              { type: 'volume', destination: '/data', writable: true },
              { type: 'bind', source: '/root/openclaw-clients/john/workspace', destination: '/home/node/.openclaw/workspace' },
            ],
            labels: { 'com.docker.compose.project': 'john' },
            run: { health: 'none', exitCode: 0, oomKilled: false },
          },
        },
        { kind: 'absent' },
        { kind: 'present', value: { name: 'openclaw-ross' } },
        { kind: 'absent' },
      ]); // biome-ignore format: a table
    });

    test('a container is stopped, started, left alone', async () => {
      proven(run({ name: 'worker', state: 'stopped', stop_timeout: 0 }), ['stop container worker']);
      proven(run({ name: 'worker', state: 'started', restart_policy: 'on-failure:3' }), [
        'restart policy no -> on-failure:3',
        'start container worker',
      ]);
      const before = await started('worker');
      proven(run({ name: 'worker', state: 'started', restart_policy: 'on-failure:3', running: true }), []);
      expect(await started('worker')).toBe(before);
      await exec('docker pause worker');
      proven(run({ name: 'worker', state: 'started' }), ['unpause container worker']);
    });

    if (runsAllCases)
      test('a restart is proven by another start of the same container', async () => {
        const [id, time] = (await started('worker')).split(' ');
        proven(run({ name: 'worker', state: 'restarted', stop_timeout: 0 }), ['restart container worker']);
        const [sameId, later] = (await started('worker')).split(' ');
        expect([sameId, later === time]).toEqual([id, false]);
      });

    if (runsAllCases)
      test('a killed bot is a new process soon', async () => {
        const check = (args: JsonObject, before?: Decision['result']): Decision['failed'] =>
          decide(shell(), containerModule, { name: 'openclaw-john', ...args }, inputOf(), before as never).decision
            .failed;
        const { answers } = decide(shell(), containerModule, { name: 'openclaw-john' }, inputOf());
        const looking = () =>
          decide(shell(), containerModule, { name: 'openclaw-john', new_process: true }, inputOf(), answers).decision
            .failed;
        expect(looking()).toBe('openclaw-john was not restarted');
        // Docker takes its own kill for a person's stop, so what is killed is the process.
        const pid = (await exec("docker inspect -f '{{.State.Pid}}' openclaw-john")).trim();
        await exec(`kill -9 ${pid}`);
        await expect.poll(looking, looks).toBeUndefined();
        expect(check({ running: true })).toBeUndefined();
        expect(run({ name: 'worker', signal: 'KILL' }).applied).toMatchObject([{ code: 0 }]);
        expect(check({ name: 'worker', running: true })).toBe('worker is exited (exit code 137), not running');
      });

    if (runsAllCases)
      test('one that ends right after its start has not started, and its log says why', async () => {
        await exec("docker create --name crash openclaw:lab sh -c 'echo the config is bad; sleep 0.2; exit 3'");
        const done = run({ name: 'crash', state: 'started' });
        expect(done.applied[0]).toMatchObject({
          code: 1,
          stderr: 'the config is bad\nit ended again: its status is exited, its exit code 3\n',
        });
        await exec('docker update --restart always crash >/dev/null; docker start crash');
        await expect
          .poll(
            () =>
              decide(shell(), containerModule, { name: 'crash', running: true }, inputOf()).decision.failed ??
              'running',
            looks,
          )
          .toMatch(/restarting|exited/);
        expect(run({ name: 'crash', state: 'restarted' }).applied[0]?.stderr).toContain('it ended again');
        proven(run({ name: 'crash', state: 'absent', stop_timeout: 0 }), ['remove container crash']);
      });

    if (runsAllCases)
      test('health is told as Docker sees it', async () => {
        await exec(
          `docker run -d --name ill --health-cmd 'test -e /tmp/well' --health-interval 200ms --health-retries 2 openclaw:lab sleep 1000`,
        );
        const failed = (args: JsonObject) =>
          decide(shell(), containerModule, { name: 'ill', ...args }, inputOf()).decision.failed;
        await expect.poll(() => failed({ healthy: true }), looks).toBe('ill is unhealthy');
        await exec('docker exec ill touch /tmp/well');
        await expect.poll(() => failed({ healthy: true, running: true, steady: 1 }), looks).toBeUndefined();
        const change = run({ name: 'ill', state: 'restarted', stop_timeout: 0 }).first.changes[0];
        expect(change?.predicts).toEqual([]);
      });

    if (runsAllCases)
      test('guards notice a container that was replaced meanwhile', async () => {
        const question = container('ill');
        const states = ask(shell(), [question]);
        const change = {
          title: '',
          sign: '~',
          expects: [question],
          act: { kind: 'program', script: { kind: 'sh', text: ':', shown: ':' } },
        } as const;
        expect(apply(shell(), change, states).code).toBe(0);
        await exec('docker rm -f ill');
        expect(apply(shell(), change, states).code).toBe(97);
      });

    if (runsAllCases)
      test('an engine that does not answer is not taken for an absent container', async () => {
        await exec('systemctl stop docker.socket docker');
        const { first } = run({ name: 'openclaw-john', state: 'absent' });
        expect(first).toEqual({ changes: [], failed: "Docker's engine does not answer: is docker.service running?" });
        await exec('systemctl reset-failed docker; systemctl start docker');
      });
  });
}
