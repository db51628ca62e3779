import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attemptSync, runSync } from '../child.ts';
import { playOf } from '../faults/project.ts';
import { noSshd, startSshd } from '../ssh/sshd.ts';
import { directoryWith, healEntry, runHeal } from './built.ts';

let server: Server;
let project: string;
const sockets = new Set<Socket>();

// A host that takes the connection and then says nothing, so that a run is in the middle of something.
beforeAll(async () => {
  server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  project = directoryWith({
    'inventory/hosts.yml': `all:\n  hosts:\n    jack4: { address: 127.0.0.1, port: ${port}, connect_timeout: 600 }\n    jack5: { address: 127.0.0.1, port: ${port}, connect_timeout: 1 }\n`,
    'tasks/site.yml': '- name: Every VPS\n  hosts: all\n  tasks: []\n',
    '.ssh/known_hosts': '',
  });
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

describe('Ctrl-C', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends a run with exit code 99, and reports it', async (signal) => {
    let sent = false;
    const { code, stdout, stderr } = await runHeal(healEntry, ['run', 'site', '-vv', '-l', 'jack4'], {
      cwd: project,
      onOutput: (text, kill) => {
        if (sent || !text.includes('connecting')) return;
        sent = true;
        kill(signal);
      },
    });
    expect(code).toBe(99);
    expect(stdout).toContain(
      'warning: interrupted: stopping the running tasks\nhint: press Ctrl-C again to exit immediately\n',
    );
    expect(stderr).toBe('error: interrupted\n');
    expect(stdout).toMatch(/PLAY RECAP \*+\njack4 +: ok=0 .*\n\n1 host in .*\ninterrupted: not finished: jack4\n/);
    expect(stdout).toContain(
      'hint: heal run site --limit "@.heal/retry/site.txt" works on the hosts that failed or did not',
    );
    expect(readFileSync(join(project, '.heal/retry/site.txt'), 'utf8')).toBe(
      '# hosts that failed or did not finish in the last run of site\njack4\n',
    );
    rmSync(join(project, '.heal'), { recursive: true });
  });

  test.skipIf(noSshd !== undefined)(
    'counts the applied changes, and leaves the finished host out of the retry file',
    async () => {
      const sshd = await startSshd();
      try {
        const cwd = directoryWith({
          'inventory/hosts.yml': JSON.stringify({ all: { hosts: { quick: sshd.variables, slow: sshd.variables } } }),
          // One after the other: the first is finished once the second is worked on.
          'tasks/site.yml': playOf(
            [
              { name: 'On both', command: { cmd: 'true' } },
              { name: 'On one', command: { cmd: 'sleep 600' }, when: 'inventory_hostname == "slow"' },
            ],
            { serial: 1 },
          ),
        });
        let seen = '';
        let sent = false;
        const { code, stdout } = await runHeal(healEntry, ['run', 'site', '-vv'], {
          cwd,
          onOutput: (text, kill) => {
            seen += text;
            const ready = /^slow +\| changed.*\| On both/m.test(seen);
            if (sent || !ready) return;
            sent = true;
            kill('SIGINT');
          },
        });
        expect([code, sent], stdout).toEqual([99, true]);
        expect(stdout).toMatch(/^quick +: ok=1 +changed=1 .*skipped=1/m);
        expect(stdout).toMatch(/^slow +: ok=1 +changed=1 /m);
        expect(stdout).toContain('interrupted: not finished: slow\n');
        expect(readFileSync(join(cwd, '.heal/retry/site.txt'), 'utf8')).toMatch(/\nslow\n$/);
      } finally {
        sshd.stop();
      }
    },
  );

  test.skipIf(noSshd !== undefined).each([
    ['run_once', { name: 'Wait', command: 'true', run_once: true }, {}],
    ['any_errors_fatal', { name: 'Wait', command: 'true' }, { any_errors_fatal: true }],
    ['hostvars', { name: 'Wait', command: 'echo {{ hostvars.a.r.stdout }}' }, {}],
  ])('ends a host that waits for another: %s', async (_what, wait, keywords) => {
    const sshd = await startSshd();
    try {
      const sleep = { name: 'Sleep', command: 'sleep 600', when: 'inventory_hostname == "a"', register: 'r' };
      const cwd = directoryWith({
        'inventory/hosts.yml': JSON.stringify({ all: { hosts: { a: sshd.variables, b: sshd.variables } } }),
        'tasks/site.yml': playOf([{ name: 'On both', command: 'true' }, sleep, wait], keywords),
      });
      let seen = '';
      const { code, stdout } = await runHeal(healEntry, ['run', 'site', '-vv'], {
        cwd,
        onOutput: (text, kill) => {
          const before = seen;
          seen += text;
          const both = /^b +\| skipped +\| Sleep/m;
          if (both.test(seen) && !both.test(before)) kill('SIGINT');
        },
      });
      expect(code, stdout).toBe(99);
      expect(stdout).toContain('interrupted: not finished: a, b\n');
    } finally {
      sshd.stop();
    }
  });
});

const hasScript = ((): boolean => {
  try {
    return attemptSync('script', ['--version']).code === 0;
  } catch {
    return false;
  }
})();

/** What a terminal received while the command ran on it. */
function onTerminal(args: string, env: Readonly<Record<string, string>> = {}): { text: string; code: string } {
  const command = `stty cols 90 rows 20; "${process.execPath}" "${healEntry}" ${args}; echo "exit=$?"`;
  const { PATH = '' } = process.env;
  const text = runSync('script', ['-qec', command, '/dev/null'], {
    cwd: project,
    env: { PATH, HOME: project, TERM: 'xterm', ...env },
  });
  return { text, code: /exit=(\d+)/.exec(text)?.[1] ?? '' };
}

describe.skipIf(!hasScript)('on a terminal', () => {
  test('hosts are redrawn in place, events stay above, and the recap comes last', () => {
    const { text, code } = onTerminal('run site -l jack5');
    expect(code).toBe('4');
    expect(text).toMatch(/jack5 {2}0\/0|jack5 {2}(waiting|logging in)/);
    const erase = text.lastIndexOf('\x1b[2K');
    const recap = text.indexOf('PLAY RECAP');
    expect(recap).toBeGreaterThan(erase);
    expect(text.slice(0, recap)).toContain('unreachable');
    // What is left on the screen: the cursor is back, and no line of progress stays behind.
    expect(text.lastIndexOf('\x1b[?25h')).toBeGreaterThan(text.lastIndexOf('\x1b[?25l'));
    expect(text.slice(recap)).not.toMatch(/logging in/);
  });

  test('NO_COLOR leaves only what moves the cursor', () => {
    const { text } = onTerminal('run site -l jack5', { NO_COLOR: '1' });
    expect(text).not.toMatch(/\x1b\[\d+(;\d+)*m/);
  });

  test('a dumb terminal gets lines', () => {
    const { text } = onTerminal('run site -l jack5', { TERM: 'dumb' });
    expect(text).not.toContain('\x1b');
    expect(text).toContain('jack5 | unreachable | ');
  });
});
