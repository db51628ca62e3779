import { readdir, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { basename, join, posix, resolve, sep } from 'node:path';
import { NodeSSH } from 'node-ssh';
import type { Client, ClientChannel, FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { HealError } from '../core/errors.ts';
import { closeClient } from './close-client.ts';
import { whileConnected } from './while-connected.ts';

/** The streams that a shell or a command reads and writes. */
export interface Streams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
}

/** A terminal on the control node; the host's terminal gets its size. */
export interface Window {
  readonly term: string;
  readonly size: () => { readonly rows: number; readonly cols: number };
  /** Registers a callback for changes of the size; returns a function that removes it. */
  readonly onResize: (changed: () => void) => () => void;
}

/** Called while a file is copied: its source, the bytes that were copied since the last call, and its size. */
export type Moved = (file: string, bytes: number, size: number) => void;

/**
 * Manual work of a user on one host, over a login like that of a run: a shell, one command, copies of files. For single
 * steps node-ssh is enough; a run keeps a shell of its own (session.ts).
 */
export interface InteractiveSession {
  /**
   * Runs a command, or the login shell if no command is given.
   *
   * @param window Allocates a terminal of this size.
   * @returns its exit code, or 128 plus the number of the signal that ended it; undefined if the connection ended first
   */
  run(command: string | undefined, streams: Streams, window: Window | undefined): Promise<number | undefined>;
  /**
   * Copies a file or directory of the control node to the host; returns the number of files. As scp(1): into `to` if that is a
   * directory, else as `to`.
   */
  put(from: string, to: string, moved?: Moved): Promise<number>;
  /** The same in the other direction. Links to directories are left out. */
  get(from: string, to: string, moved?: Moved): Promise<number>;
  close(): Promise<void>;
}

export function interactiveSession(client: Client, host: string, signal: AbortSignal): InteractiveSession {
  const ssh = new NodeSSH();
  ssh.connection = client;
  const stop = (): void => void client.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const copying = (use: (sftp: SFTPWrapper) => Promise<number>): Promise<number> =>
    whileConnected(client, host, signal, () => withSftp(ssh, host, use));
  return {
    run: async (command, streams, window) => {
      const pty = window === undefined ? false : { term: window.term, ...window.size() };
      const channel = command === undefined ? await ssh.requestShell(pty) : await commandChannel(client, command, pty);
      return joined(channel, streams, window);
    },
    put: (from, to, moved = () => {}) => copying((sftp) => put(sftp, host, from, to, moved)),
    get: (from, to, moved = () => {}) => copying((sftp) => get(sftp, host, from, to, moved)),
    close: () => {
      signal.removeEventListener('abort', stop);
      return closeClient(client, undefined, true);
    },
  };
}

/** Like node-ssh's `execCommand`, which would keep the complete output of the command in memory. */
function commandChannel(
  client: Client,
  command: string,
  pty: false | { readonly term: string; readonly rows: number; readonly cols: number },
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(command, { pty }, (error, channel) => (error === undefined ? resolve(channel) : reject(error)));
  });
}

/** Connects a channel with the control node's streams until the channel ends. */
function joined(
  channel: ClientChannel,
  { input, output, errors }: Streams,
  window: Window | undefined,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const follow = window?.onResize(() => {
      const { rows, cols } = window.size();
      channel.setWindow(rows, cols, 0, 0);
    });
    // A command that ends at once has sent its exit code before a listener exists; the close event repeats it.
    channel.on('close', (code?: number | null, signal?: string) => {
      follow?.();
      input.unpipe(channel);
      input.pause();
      if (typeof code === 'number') resolve(code);
      else resolve(signal === undefined ? undefined : 128 + numberOf(signal));
    });
    channel.on('error', () => undefined);
    input.pipe(channel);
    channel.pipe(output, { end: false });
    channel.stderr.pipe(errors, { end: false });
  });
}

/** Number of a signal, which the protocol names without SIG (RFC 4254, 6.10); 127 if this system does not know it. */
function numberOf(name: string): number {
  return new Map(Object.entries(constants.signals)).get(`SIG${name.replace(/^SIG/, '')}`) ?? 127;
}

/** Opens SFTP, and adds the host and the file to its errors. */
async function withSftp(ssh: NodeSSH, host: string, use: (sftp: SFTPWrapper) => Promise<number>): Promise<number> {
  const sftp = await ssh.requestSFTP().catch((cause: unknown) => {
    throw new HealError('failed', `${host} offers no SFTP, which copies files`, {
      hint: 'does its sshd_config have the line "Subsystem sftp internal-sftp"?',
      cause,
    });
  });
  try {
    return await use(sftp);
  } finally {
    sftp.end();
  }
}

async function put(sftp: SFTPWrapper, host: string, from: string, to: string, moved: Moved): Promise<number> {
  const local = await stat(from).catch((error: unknown) => {
    throw new HealError('usage', `${from} can't be read: ${reason(error)}`);
  });
  const wanted = ofHome(to);
  const there = await statOf(sftp, wanted);
  const target = there?.isDirectory() === true ? posix.join(wanted, basename(resolve(from))) : wanted;
  const about = <T>(path: string, work: Promise<T>): Promise<T> => named(`${host}:${path}`, work);
  const above = posix.dirname(target);
  if ((await statOf(sftp, above))?.isDirectory() !== true) {
    throw new HealError('failed', `${host}:${target}: there is no directory ${above}`);
  }
  if (!local.isDirectory()) {
    await about(target, upload(sftp, from, target, local.mode & 0o777, moved));
    return 1;
  }
  let files = 0;
  const copy = async (directory: string, at: string): Promise<void> => {
    if ((await statOf(sftp, at))?.isDirectory() !== true) await about(at, makeDirectory(sftp, at));
    for (const name of (await readdir(directory)).sort()) {
      const path = join(directory, name);
      const found = await stat(path);
      if (found.isDirectory()) await copy(path, posix.join(at, name));
      else if (found.isFile()) {
        await about(posix.join(at, name), upload(sftp, path, posix.join(at, name), found.mode & 0o777, moved));
        files += 1;
      }
    }
  };
  await copy(from, target);
  return files;
}

async function get(sftp: SFTPWrapper, host: string, from: string, to: string, moved: Moved): Promise<number> {
  const { mkdir } = await import('node:fs/promises');
  const source = ofHome(from);
  const about = <T>(path: string, work: Promise<T>): Promise<T> => named(`${host}:${path}`, work);
  const there = await statOf(sftp, source);
  if (there === undefined) throw new HealError('failed', `${host}:${source}: there is no such file`);
  const local = await stat(to).catch(() => undefined);
  const target = local?.isDirectory() === true ? join(to, posix.basename(posix.resolve('/', source)) || host) : to;
  if (!there.isDirectory()) {
    await about(source, download(sftp, source, target, moved));
    return 1;
  }
  let files = 0;
  const copy = async (directory: string, at: string): Promise<void> => {
    await mkdir(at, { recursive: true });
    for (const { filename, attrs } of await about(directory, listed(sftp, directory))) {
      // The host sends the names: a name with a path in it could write any file of the control node (CVE-2019-6111).
      if (!isPlainName(filename)) {
        throw new HealError(
          'failed',
          `${host}:${directory} has a name that is not copied: ${JSON.stringify(filename)}`,
        );
      }
      const path = posix.join(directory, filename);
      if (attrs.isDirectory()) await copy(path, join(at, filename));
      else if (attrs.isFile() || (attrs.isSymbolicLink() && (await statOf(sftp, path))?.isFile() === true)) {
        await about(path, download(sftp, path, join(at, filename), moved));
        files += 1;
      }
    }
  };
  await copy(source, target);
  return files;
}

/** Whether a name from the host can be a file name on the control node; Windows allows fewer names. */
function isPlainName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) return false;
  return sep === '/' || !/[\\:*?"<>|\x01-\x1f]|[. ]$/.test(name);
}

/** SFTP starts in the home directory and does not know `~`. */
function ofHome(path: string): string {
  return path.replace(/^~(\/|$)/, '') || '.';
}

/** Undefined if the path does not exist. */
function statOf(sftp: SFTPWrapper, path: string): Promise<Stats | undefined> {
  return new Promise((resolve) => {
    sftp.stat(path, (error, found) => resolve(error === undefined ? found : undefined));
  });
}

function listed(sftp: SFTPWrapper, path: string): Promise<FileEntryWithStats[]> {
  return new Promise((resolve, reject) => {
    sftp.readdir(path, (error, found) => (error === undefined ? resolve(found) : reject(error)));
  });
}

// node-ssh's own copies treat a backslash in a name as a slash, and create the parent directories.
function upload(sftp: SFTPWrapper, from: string, to: string, mode: number, moved: Moved): Promise<void> {
  const step = (_total: number, bytes: number, size: number): void => moved(from, bytes, size);
  return promised((end) => sftp.fastPut(from, to, { mode, step }, end));
}

function download(sftp: SFTPWrapper, from: string, to: string, moved: Moved): Promise<void> {
  const step = (_total: number, bytes: number, size: number): void => moved(from, bytes, size);
  return promised((end) => sftp.fastGet(from, to, { step }, end));
}

function makeDirectory(sftp: SFTPWrapper, path: string): Promise<void> {
  return promised((end) => sftp.mkdir(path, end));
}

function promised(begin: (end: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => begin((error) => (error == null ? resolve() : reject(error))));
}

async function named<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new HealError('failed', `${what}: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
