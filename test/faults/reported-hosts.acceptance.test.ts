import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { directoryWith } from '../cli/built.ts';
import { underDeadResolver } from '../cli/dead-resolver.ts';
import { type FakeHost, fakeHost, type OutputChange } from '../ssh/fake-host.ts';
import { until } from '../until.ts';
import { recapOf } from './project.ts';
import { peakOf, reported, skipReason, withFiles } from './reported.ts';

/** Sends frames of pending handlers, by their former name too, in place of the end of the program that may send some. */
const framesWithoutEnd: OutputChange = () => {
  let nonce = '';
  const body = 'x'.repeat(1_000_000);
  return (bytes) => {
    const text = bytes.toString('latin1');
    nonce ||= /([0-9a-f]{32}) facts /.exec(text)?.[1] ?? '';
    if (text !== '') return Buffer.from(nonce === '' ? text : (text.split(`\n${nonce} end `)[0] ?? ''), 'latin1');
    if (nonce === '') return Buffer.alloc(64 * 1024, '\n');
    return Buffer.from(['debt', 'pending'].map((kind) => `\n${nonce} ${kind} - 1000000\n${body}`).join(''));
  };
};

/** Lets the facts through, and then nothing. */
const silentAfterFacts: OutputChange = () => {
  let done = false;
  return (bytes) => {
    if (done) return Buffer.alloc(0);
    done = bytes.includes(' end - 0 0\n');
    return bytes;
  };
};

describe.skipIf(skipReason !== undefined)('hosts', () => {
  const fixture = reported();
  const at = (name: string): string => join(fixture.sshd.directory, name);
  /** Starts a bad host for a test, with the variables of a host that reach it. */
  async function withFake(does: string | OutputChange, use: (variables: object, known: string) => Promise<void>) {
    const { hostKeys, knownHosts, port } = fixture.sshd;
    const fake: FakeHost = await fakeHost(does, readFileSync(hostKeys.ed25519));
    const known = readFileSync(knownHosts, 'utf8');
    const both = known + known.replace(`:${port} `, `:${fake.port} `);
    try {
      await use({ ...fixture.sshd.variables, port: fake.port, known_hosts_file: 'known', connect_timeout: 5 }, both);
    } finally {
      fake.stop();
    }
  }

  test.each([
    ['stops in the middle of a frame', 'stops in the middle of a frame'],
    ['makes noise without end', 'makes noise without end'],
    ['does not answer after its facts', silentAfterFacts],
  ])('a host that %s does not keep the others from their tasks and handlers', async (_what, does) => {
    await withFake(does, async (bad, known) => {
      for (const name of ['good', 'good.told']) rmSync(at(name), { force: true });
      const project = fixture.project([{ command: 'touch {{ out }}/{{ inventory_hostname }}', notify: 'Tell' }], {
        play: {
          vars: { out: fixture.sshd.directory },
          handlers: [{ name: 'Tell', command: 'touch {{ out }}/{{ inventory_hostname }}.told' }],
        },
        hosts: { bad, good: fixture.sshd.variables },
        files: { known },
      });
      const { kill, done } = fixture.start(project);
      await until('the good host has run its task and handler', () => existsSync(at('good.told')), 40_000).finally(
        async () => {
          // Not killed: a run that ends in order leaves no record of its handler on this machine.
          kill('SIGINT');
          await done;
        },
      );
    });
  });

  test('an output that a condition cannot use fails its own host, and no other', async () => {
    const tell = { name: 'Tell', command: `touch '${at('')}/{{ inventory_hostname }}.counted'` };
    const count = { shell: 'echo {{ says }}', register: 'r', changed_when: 'int(r.stdout) > 0', notify: 'Tell' };
    const { stdout } = await fixture.run([count, { command: 'true' }], {
      play: { handlers: [tell] },
      hosts: { a: { ...fixture.sshd.variables, says: '1' }, b: { ...fixture.sshd.variables, says: 'abc' } },
    });
    expect(recapOf(stdout, 'a '), stdout).toMatchObject({ ok: 3, failed: 0 });
    expect(recapOf(stdout, 'b '), stdout).toMatchObject({ failed: 1 });
    expect(existsSync(at('a.counted'))).toBe(true);
  });

  test('a megabyte of line ends, or of control characters, in an output does not stop heal', async () => {
    const tasks = [
      { shell: "head -c 1000000 /dev/zero | tr '\\0' '\\n'; echo x" },
      { shell: "yes \"$(printf '\\302\\235')\" | tr -d '\\n' | head -c 1000000 >&2; exit 1", ignore_errors: true },
    ];
    const { code } = await fixture.run(tasks, { args: ['run', 'site', '-vvv'], limitMs: 40_000 });
    expect(code).toBe(0);
  });

  test('a host that sends frames without end does not fill the memory', async () => {
    await withFake(framesWithoutEnd, async (bad, known) => {
      const { pid, kill, done } = fixture.start(
        fixture.project([{ command: 'true' }], { hosts: { bad: { ...bad, connect_timeout: 2 } }, files: { known } }),
        {
          limitMs: 60_000,
        },
      );
      let peak = 0;
      const watch = setInterval(() => {
        peak = Math.max(peak, peakOf(pid));
        if (peak > 600_000_000) kill('SIGKILL');
      }, 20);
      const { code, stdout } = await done.finally(() => clearInterval(watch));
      expect(peak).toBeLessThan(300_000_000);
      expect(code, stdout).toBe(2);
      expect(stdout).toContain('more than 4194304 bytes of facts');
    });
  });

  test('a login ends where the ssh-agent does not answer', async () => {
    const socket = join(directoryWith({}), 'socket');
    const server = createServer((connection) => void connection.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const { identity_file: _, ...variables } = fixture.sshd.variables;
    try {
      const { stdout } = await fixture.run([], {
        hosts: { jack4: { ...variables, connect_timeout: 2 } },
        env: { SSH_AUTH_SOCK: socket },
        limitMs: 30_000,
      });
      expect(recapOf(stdout, 'jack4'), stdout).toMatchObject({ unreachable: 1 });
      expect(stdout).toContain(`the agent at ${socket} does not answer`);
    } finally {
      server.close();
    }
  });

  test('names that no resolver answers for do not keep heal from a host whose name is known', async () => {
    const dead = Array.from({ length: 20 }, (_, n) => [`n${n}`, { address: `n${n}.example.com`, connect_timeout: 5 }]);
    const near = { ...fixture.sshd.variables, address: 'localhost', known_hosts_file: 'known', connect_timeout: 20 };
    const known = readFileSync(fixture.sshd.knownHosts, 'utf8').replace('127.0.0.1', 'localhost');
    const project = fixture.project([], { hosts: { ...Object.fromEntries(dead), near }, files: { known } });
    const { stdout } = await underDeadResolver(project, 'ping');
    expect(stdout).toMatch(/^near *\| pong /m);
  });

  test('a report in JSON is written, however much the tasks printed', async () => {
    const print = { shell: "head -c 1048000 /dev/zero | tr '\\0' '\"' | tee /dev/stderr" };
    const items = Array.from({ length: 140 }, (_, n) => n);
    const { code, stderr } = await fixture.run([{ ...print, loop: items }], { args: ['run', 'site', '-o', 'json'] });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

describe.skipIf(skipReason !== undefined)('a host that names its system in control characters', () => {
  const fixture = reported(() => withFiles({ '/etc/os-release': 'ID=debian\nPRETTY_NAME="x\u009b31m\u202e y"\n' }));

  test('is shown without them by heal ping, in JSON too', async () => {
    const { code, stdout } = await fixture.run([], { args: ['ping', '--output', 'json'] });
    expect(code, stdout).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ hosts: [{ facts: { os: { id: 'debian' } } }] });
    expect(JSON.stringify(JSON.parse(stdout))).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
  });
});

describe.skipIf(skipReason !== undefined)('a host with another docker', () => {
  const fixture = reported(() => {
    const programs = directoryWith({ docker: '#!/bin/sh\necho {}\n' });
    chmodSync(join(programs, 'docker'), 0o755);
    return withFiles({ '/usr/local/sbin': { file: programs } });
  });

  test('fails with what it printed, and a report of all hosts follows', async () => {
    const { stdout, stderr } = await fixture.run([{ container: { name: 'x', state: 'started' } }]);
    expect(recapOf(stdout, 'jack4'), stdout + stderr).toMatchObject({ failed: 1 });
  });
});
