import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision } from '../../src/core/module.ts';
import { compose } from '../../src/modules/compose.ts';
import { runsAllCases } from '../all-cases.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { dockerConfigCases } from './docker-config-cases.ts';
import { containerCases } from './docker-container-cases.ts';
import { dockerHost, proven, titles, titlesOf } from './docker-host.ts';
import { type Converged, converge, decide, inputOf } from './on-this-machine.ts';

describeLab('Docker on a real host', { hosts: ['site'], state: 'site', jack: 'stopped' }, (lab) => {
  const host = dockerHost(() => lab().host('site'));
  const { shell, exec, started } = host;

  beforeAll(async () => {
    await exec('docker run -d --name worker openclaw:lab sleep 1000');
  }, 120_000);

  containerCases(host);

  describe('the compose module and its probe', () => {
    const defaults = {
      state: 'up', recreate: 'auto', pull: 'policy', stopped: 'start', remove_orphans: false, volumes: false,
    }; // biome-ignore format: a table
    const run = (args: JsonObject): Converged => converge(shell(), compose, { ...defaults, ...args });
    /** What is decided, where nothing is to be made. */
    const decided = (args: JsonObject): Decision =>
      decide(shell(), compose, { ...defaults, ...args }, inputOf()).decision;
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

  dockerConfigCases(host);
});
