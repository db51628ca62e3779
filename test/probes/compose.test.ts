import { describe, expect, test } from 'vitest';
import { compose } from '../../src/modules/compose.ts';
import { composeProbe } from '../../src/probes/compose.ts';
import { composeError, readDryRun } from '../../src/probes/compose-said.ts';
import { inputOf } from '../modules/on-this-machine.ts';

const args = {
  project_src: '/srv/x/', state: 'up', recreate: 'auto', pull: 'policy', stopped: 'start', remove_orphans: false, volumes: false,
}; // biome-ignore format: a table
const question = compose.reads(args, () => undefined, inputOf())['project'];

function parse(text: string): unknown {
  const reply = { nonce: 'n', output: Buffer.from(text), code: 0 };
  return composeProbe.parse(reply, [{ id: 'a', params: question?.params as never }]).get('a');
}

const answer = (said: string, code: number, rest = ''): string =>
  `\nn directory\n\nn said\n${said}\n\nn code\n${code}\n${rest}\nn containers\n\nn end\n`;

describe('the output of a dry run of compose', () => {
  test.each<[string, readonly string[]]>([
    [' DRY-RUN MODE -  Container web-1  Running ', []],
    [
      ' DRY-RUN MODE -  Container web-1  Created\n DRY-RUN MODE -  Container web-1  Starting\n',
      ['start container web-1'],
    ],
    [
      ' DRY-RUN MODE -  Container web-1  Recreate\n DRY-RUN MODE -  Container web-1  Recreated\n DRY-RUN MODE -  Container 308ad7783c53_web-1  Starting',
      ['recreate container web-1'],
    ],
    [
      ' DRY-RUN MODE -  Network w_default  Creating\n DRY-RUN MODE -  Volume "w_data"  Creating\n DRY-RUN MODE -  Container b  Creating\n DRY-RUN MODE -  Container b  Started',
      ['create container b', 'create network w_default', 'create volume w_data'],
    ],
    [' DRY-RUN MODE -  Container o  Stopping\n DRY-RUN MODE -  Container o  Removed\n', ['remove container o']],
    [' DRY-RUN MODE -  Container a  Waiting\n DRY-RUN MODE -  Container a  Healthy', []],
    [' a Pulling \n a Pulled ', []],
  ])('%s', (text, steps) => {
    expect(readDryRun(text).map(({ what, name, verb }) => `${verb} ${what} ${name}`)).toEqual(steps);
  });

  test('progress and warnings are not errors', () => {
    expect(
      composeError('time="x" level=warning msg="a"\n DRY-RUN MODE -  Container a  Creating\nError response: no\n'),
    ).toBe('Error response: no');
  });
});

describe('the compose probe', () => {
  test.each([
    [answer('no such service: y', 1), { kind: 'present', value: { error: 'no such service: y', steps: [] } }],
    [answer(' DRY-RUN MODE -  Container a  Running', 0), { kind: 'present', value: { steps: [] } }],
    [answer("docker: 'compose' is not a docker command.", 1), { kind: 'unavailable' }],
    [answer('unknown docker command: "compose"', 16), { kind: 'unavailable' }],
    [
      answer('Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?', 1),
      { kind: 'unavailable' },
    ],
    [
      "\nn directory\nsh: 1: cd: can't cd to /srv/x\n\nn end\n",
      { kind: 'present', value: { error: 'there is no directory /srv/x' } },
    ],
    // Before 2.17: by hashes.
    [
      answer('unknown flag: --dry-run', 125, '\nn hashes\na 11\nb 22\n\nn hashcode\n0\n').replace(
        'n containers\n',
        'n containers\n{"name":"/x-a-1","id":"1","service":"a","status":"running","policy":"no","exitCode":0,"startedAt":"","hash":"10"}\n',
      ),
      {
        kind: 'present',
        value: {
          steps: [
            { what: 'container', name: 'x-a-1', verb: 'recreate' },
            { what: 'container', name: 'b', verb: 'create' },
          ],
        },
      },
    ],
  ])('%j', (text, state) => {
    expect(parse(text)).toMatchObject(state);
  });

  test('an incomplete answer is not used', () => {
    expect(parse('\nn directory\n\nn said\n')).toBeUndefined();
  });

  test("a project's files make its answer old, what its containers write does not", () => {
    expect(question?.scopes).toEqual(['docker', 'containers', 'unit:system/docker.service', 'files:/srv/x']);
  });
});
