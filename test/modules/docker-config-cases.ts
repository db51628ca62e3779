import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision } from '../../src/core/module.ts';
import { dockerConfig } from '../../src/modules/docker-config.ts';
import { dockerInfo } from '../../src/probes/docker-info.ts';
import { runsAllCases } from '../all-cases.ts';
import { type DockerHost, looks, proven, titles, titlesOf } from './docker-host.ts';
import { ask, type Converged, converge, decide, inputOf } from './on-this-machine.ts';

/** Cases of the module docker_config; they change the settings of the host, and restart Docker. */
export function dockerConfigCases({ shell, exec, started }: DockerHost): void {
  describe('the docker_config module and its probe', () => {
    const file = '/etc/docker/daemon.json';
    const run = (settings: JsonObject, restart = 'never'): Converged =>
      converge(shell(), dockerConfig, { settings, path: file, restart, backup: true });
    const decided = (settings: JsonObject): Decision =>
      decide(shell(), dockerConfig, { settings, path: file, restart: 'never', backup: true }, inputOf()).decision;
    const bots = async () => [await started('openclaw-john'), await started('openclaw-ross')];
    /** As the engine does while a Change settles: a reload is a signal, and takes effect a moment later. */
    const settled = async (done: Converged, settings: JsonObject) => {
      expect(done.applied.map(({ code }) => code)).toEqual(done.applied.map(() => 0));
      const question = dockerInfo();
      const predicted = done.first.changes.at(-1)?.predicts?.[0]?.state;
      await expect.poll(() => ask(shell(), [question]).get(question.key), looks).toEqual(predicted);
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
}
