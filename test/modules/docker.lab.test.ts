import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision, Module } from '../../src/core/module.ts';
import { compose } from '../../src/modules/compose.ts';
import { container as containerModule } from '../../src/modules/container.ts';
import { dockerConfig } from '../../src/modules/docker-config.ts';
import { container } from '../../src/probes/container.ts';
import { dockerInfo } from '../../src/probes/docker-info.ts';
import { runsAllCases } from '../all-cases.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { apply, ask, type Converged, converge, decide, inputOf, type Shell } from './on-this-machine.ts';

/** A look starts tens of processes, so there is a pause between them. */
const looks = { timeout: 60_000, interval: 250 };

describeLab('Docker on a real host', { hosts: ['site'], state: 'site', jack: 'stopped' }, (lab) => {
  let shell: Shell = { name: '', sh: '', path: '' };
  const exec = (text: string) => lab().host('site').exec(text);
  const titlesOf = ({ changes }: Decision): string[] => changes.map(({ title }) => title);
  const titles = ({ first }: Converged): string[] => titlesOf(first);
  const started = (name: string) => exec(`docker inspect -f '{{.Id}} {{.State.StartedAt}}' ${name}`);

  /** Changed as said, as predicted, and then nothing more to do. */
  function proven(done: Converged, expected: readonly string[]): Converged {
    expect(done.first.failed).toBeUndefined();
    expect(titles(done)).toEqual(expected);
    expect(done.applied.map(({ code, stderr }) => [code, stderr])).toEqual(expected.map(() => [0, '']));
    for (const { predicted, asked } of done.predicted) expect(asked).toEqual(predicted);
    expect(done.after.failed).toBeUndefined();
    expect(done.after.changes).toEqual([]);
    return done;
  }

  beforeAll(async () => {
    shell = {
      name: 'site',
      sh: '/bin/sh',
      path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      enter: ['nsenter', '-a', '-t', String(lab().host('site').pid), '--'],
    };
    await exec('docker run -d --name worker openclaw:lab sleep 1000');
  }, 120_000);

  describe('the container module and its probe', () => {
    const run = (args: JsonObject, module: Module = containerModule): Converged => converge(shell, module, args);

    test('existing containers are distinguished from missing ones, and matched only by their whole names', async () => {
      const id = await exec("docker inspect -f '{{.Id}}' openclaw-john");
      const names = ['openclaw-john', 'nothing-like-this', 'openclaw-ross', id.slice(0, 12)];
      const questions = names.map((name) => container(name));
      const states = ask(shell, questions);
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
          decide(shell, containerModule, { name: 'openclaw-john', ...args }, inputOf(), before as never).decision
            .failed;
        const { answers } = decide(shell, containerModule, { name: 'openclaw-john' }, inputOf());
        const looking = () =>
          decide(shell, containerModule, { name: 'openclaw-john', new_process: true }, inputOf(), answers).decision
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
              decide(shell, containerModule, { name: 'crash', running: true }, inputOf()).decision.failed ?? 'running',
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
          decide(shell, containerModule, { name: 'ill', ...args }, inputOf()).decision.failed;
        await expect.poll(() => failed({ healthy: true }), looks).toBe('ill is unhealthy');
        await exec('docker exec ill touch /tmp/well');
        await expect.poll(() => failed({ healthy: true, running: true, steady: 1 }), looks).toBeUndefined();
        const change = run({ name: 'ill', state: 'restarted', stop_timeout: 0 }).first.changes[0];
        expect(change?.predicts).toEqual([]);
      });

    if (runsAllCases)
      test('guards notice a container that was replaced meanwhile', async () => {
        const question = container('ill');
        const states = ask(shell, [question]);
        const change = {
          title: '',
          sign: '~',
          expects: [question],
          act: { kind: 'program', script: { kind: 'sh', text: ':', shown: ':' } },
        } as const;
        expect(apply(shell, change, states).code).toBe(0);
        await exec('docker rm -f ill');
        expect(apply(shell, change, states).code).toBe(97);
      });

    if (runsAllCases)
      test('an engine that does not answer is not taken for an absent container', async () => {
        await exec('systemctl stop docker.socket docker');
        const { first } = run({ name: 'openclaw-john', state: 'absent' });
        expect(first).toEqual({ changes: [], failed: "Docker's engine does not answer: is docker.service running?" });
        await exec('systemctl reset-failed docker; systemctl start docker');
      });
  });

  describe('the compose module and its probe', () => {
    const defaults = {
      state: 'up', recreate: 'auto', pull: 'policy', stopped: 'start', remove_orphans: false, volumes: false,
    }; // biome-ignore format: a table
    const run = (args: JsonObject): Converged => converge(shell, compose, { ...defaults, ...args });
    /** What is decided, where nothing is to be made. */
    const decided = (args: JsonObject): Decision =>
      decide(shell, compose, { ...defaults, ...args }, inputOf()).decision;
    const ross = '/root/openclaw-clients/ross';

    test('a project that is as its file says is left alone', async () => {
      const before = await started('openclaw-ross');
      const done = proven(run({ project_src: ross }), []);
      expect(done.first.result).toMatchObject({ containers: [{ name: 'openclaw-ross', status: 'running' }] });
      expect(await started('openclaw-ross')).toBe(before);
    });

    test('a changed file recreates that container alone, and the next run nothing', async () => {
      const john = await started('openclaw-john');
      const before = await started('openclaw-ross');
      await exec(`sed -i 's/BOT_CHAT=on/BOT_CHAT=off/' ${ross}/docker-compose.yml`);
      expect(titlesOf(decided({ project_src: ross, recreate: 'never' }))).toEqual([]);
      proven(run({ project_src: ross }), ['recreate openclaw-ross']);
      expect((await started('openclaw-ross')).split(' ')[0]).not.toBe(before.split(' ')[0]);
      expect(await started('openclaw-john')).toBe(john);
      expect(await exec("docker inspect -f '{{.Config.Env}}' openclaw-ross")).toContain('BOT_CHAT=off');
    });

    if (runsAllCases)
      test('what was removed is made, and what was stopped is started, unless it is to be left', async () => {
        await exec('docker rm -f openclaw-ross');
        proven(run({ project_src: ross }), ['create openclaw-ross']);
        await exec('docker stop -t 0 openclaw-ross');
        expect(decided({ project_src: ross, stopped: 'leave' })).toMatchObject({
          changes: [],
          message: 'openclaw-ross stays stopped, as somebody left it',
        });
        proven(run({ project_src: ross }), ['start openclaw-ross']);
        proven(run({ project_src: ross, recreate: 'always' }), ['recreate openclaw-ross']);
      });

    test('an invalid file is an error in the words of compose, and nothing is touched', async () => {
      const before = await started('openclaw-ross');
      await exec(
        `cp ${ross}/docker-compose.yml /root/kept.yml; sed -i 's/ restart:/ restrat:/' ${ross}/docker-compose.yml`,
      );
      expect(decided({ project_src: ross })).toMatchObject({
        changes: [],
        failed: expect.stringMatching(/docker-compose\.yml: services\.openclaw-ross.*restrat/),
        hint: `see \`docker compose config\` in ${ross}`,
      });
      await exec(`printf 'services: [\n' >${ross}/docker-compose.yml`);
      expect(decided({ project_src: ross }).failed).toMatch(/yaml/);
      await exec(`mv /root/kept.yml ${ross}/docker-compose.yml`);
      expect(decided({ project_src: `${ross}/none` }).failed).toBe(`there is no directory ${ross}/none`);
      expect(decided({ project_src: '/root' }).failed).toMatch(/no configuration file provided/);
      expect(await started('openclaw-ross')).toBe(before);
    });

    if (runsAllCases)
      test('several services, copies, an env file, and one that exits on its own', async () => {
        await exec(`mkdir -p /root/web; cd /root/web; echo A=1 >x.env; cat >compose.yml <<'EOT'
services:
  a: { image: 'openclaw:lab', command: sleep 1000, stop_signal: KILL, env_file: x.env }
  b: { image: 'openclaw:lab', command: sleep 1000, stop_signal: KILL, depends_on: [a], restart: always, deploy: { replicas: 2 } }
  once: { image: 'openclaw:lab', command: 'true' }
EOT`);
        const web = { project_src: '/root/web' };
        proven(run(web), ['create web-a-1, web-b-1, web-b-2, web-once-1, network web_default']);
        await exec('echo A=2 >/root/web/x.env');
        proven(run(web), ['recreate web-a-1, web-b-1, web-b-2']);
        await exec('docker stop -t 0 web-b-1; docker rm -f web-a-1');
        const left = run({ ...web, stopped: 'leave' });
        expect(titles(left)).toEqual(['create web-a-1']);
        expect([left.applied[0]?.code, left.after.changes]).toEqual([0, []]);
        expect((await exec("docker inspect -f '{{.State.Status}}' web-b-1")).trim()).toBe('exited');
        await exec("sed -i '/once:/d' /root/web/compose.yml");
        expect(titlesOf(decided({ ...web, stopped: 'leave' }))).toEqual([]);
        proven(run({ ...web, remove_orphans: true }), ['start web-b-1; remove web-once-1']);
      });

    test('an image that is missing is an error where none may be fetched', async () => {
      await exec(
        `mkdir -p /root/lone; echo 'services: { x: { image: "nothing/like-this:1" } }' >/root/lone/compose.yml`,
      );
      const done = run({ project_src: '/root/lone', pull: 'never' });
      expect(done.first.failed ?? done.applied[0]?.stderr).toMatch(/nothing\/like-this/);
    });

    if (runsAllCases)
      test('down takes it away, once', async () => {
        const done = run({ project_src: '/root/web', state: 'down' });
        expect(titles(done)[0]).toMatch(/^remove web-.*, network web_default$/);
        expect([done.applied[0]?.code, done.after.changes]).toEqual([0, []]);
        proven(run({ project_src: '/root/web', state: 'down' }), []);
      });
  });

  describe('the docker_config module and its probe', () => {
    const file = '/etc/docker/daemon.json';
    const run = (settings: JsonObject, restart = 'never'): Converged =>
      converge(shell, dockerConfig, { settings, path: file, restart, backup: true });
    const decided = (settings: JsonObject): Decision =>
      decide(shell, dockerConfig, { settings, path: file, restart: 'never', backup: true }, inputOf()).decision;
    const bots = async () => [await started('openclaw-john'), await started('openclaw-ross')];
    /** As the engine does while a Change settles: a reload is a signal, and takes effect a moment later. */
    const settled = async (done: Converged, settings: JsonObject) => {
      expect(done.applied.map(({ code }) => code)).toEqual(done.applied.map(() => 0));
      const question = dockerInfo();
      const predicted = done.first.changes.at(-1)?.predicts?.[0]?.state;
      await expect.poll(() => ask(shell, [question]).get(question.key), looks).toEqual(predicted);
      expect(decided(settings).changes).toEqual([]);
    };

    test('live-restore is switched on by a reload, and no container restarted', async () => {
      await exec('docker start openclaw-john openclaw-ross');
      const before = await bots();
      await exec(
        `printf '{\n    "userns-remap": "default",\n    "log-opts": {"max-size": "10m"}\n}\n' >${file}; chmod 0640 ${file}`,
      );
      const settings = { 'live-restore': true };
      const done = run(settings);
      expect(titles(done)).toEqual([`live-restore set in ${file}`, 'reload Docker for live-restore']);
      await settled(done, settings);
      expect(await exec('docker info -f "{{.LiveRestoreEnabled}}"')).toBe('true\n');
      expect(await exec(`cat ${file}`)).toBe(
        '{\n    "userns-remap": "default",\n    "log-opts": {"max-size": "10m"},\n    "live-restore": true\n}\n',
      );
      expect(await exec(`stat -c %a ${file}; ls ${file}.*~ | wc -l`)).toBe('640\n1\n');
      expect(await bots()).toEqual(before);
    });

    if (runsAllCases)
      test('what is in the file but not in force is reloaded', async () => {
        await exec(`sed -i 's/"live-restore": true/"live-restore": true, "debug": true/' ${file}`);
        const done = run({ debug: true });
        expect(titles(done)).toEqual(['reload Docker for debug']);
        await settled(done, { debug: true });
      });

    if (runsAllCases)
      test('a setting that needs a restart waits for one, unless it may be made', async () => {
        const before = await bots();
        const settings = { 'log-driver': 'local', debug: false };
        const first = run(settings);
        expect(titles(first)).toEqual([`log-driver, debug set in ${file}`, 'reload Docker for debug']);
        const message = "log-driver: applied at Docker's next start (restart: if_needed)";
        expect(first.first.message).toBe(message);
        await expect.poll(() => decided(settings), looks).toMatchObject({ changes: [], message });
        const second = run(settings, 'if_needed');
        expect(titles(second)).toEqual(['restart Docker for log-driver (containers go on)']);
        await settled(second, settings);
        expect(await bots()).toEqual(before);
      });

    test('userns-remap is neither put in nor taken out', async () => {
      for (const value of [null, 'other']) {
        expect(decided({ 'userns-remap': value, debug: true })).toMatchObject({
          changes: [],
          failed: expect.stringMatching(/^userns-remap is not changed from "default" to /),
        });
      }
      expect(titlesOf(decided({ 'userns-remap': 'default' }))).toEqual([]);
    });

    test('a content that Docker refuses is not put in place', async () => {
      const before = await exec(`cat ${file}`);
      const done = run({ 'no-such-setting': 1 });
      expect(done.applied[0]).toMatchObject({ code: 1, stderr: expect.stringContaining('no-such-setting') });
      expect(await exec(`cat ${file}`)).toBe(before);
      expect(await exec('ls -a /etc/docker | grep -c heal || :')).toBe('0\n');
      await exec(`cp -p ${file} /root/daemon.json; echo '{ "debug": tru }' >${file}`);
      expect(decided({ debug: true })).toMatchObject({
        changes: [],
        failed: expect.stringMatching(/daemon\.json: it is not JSON/),
      });
      await exec(`mv /root/daemon.json ${file}`);
    });

    if (runsAllCases)
      test('where Docker does not run, the file alone is set', async () => {
        await exec('systemctl stop docker.socket docker');
        const done = run({ 'shutdown-timeout': 20 });
        expect(done.first.message).toBe("Docker does not run: it is read at Docker's start");
        proven(done, [`shutdown-timeout set in ${file}`]);
        await exec('systemctl reset-failed docker; systemctl start docker');
        expect(decided({ 'shutdown-timeout': 20 }).changes).toEqual([]);
      });
  });
});
