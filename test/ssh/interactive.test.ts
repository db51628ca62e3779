import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, expect, test } from 'vitest';
import { interactiveSession } from '../../src/ssh/interactive.ts';
import { makeKey } from './sshd.ts';

const directory = mkdtempSync(join(tmpdir(), 'heal-interactive-'));
const top = join(directory, 'top');
// ssh2's own generator of keys now and then makes one that ssh2 can't parse.
const key = readFileSync(makeKey(directory, 'host_key'));
const servers: ssh2.Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

const { STATUS_CODE } = ssh2.utils.sftp;
const isDirectory = { mode: 0o040755, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
const isFile = { ...isDirectory, mode: 0o100644 };

/**
 * A client of a server whose only directory holds a file of this name: an empty one, or a large one of which no byte is sent.
 *
 * @param onRead called when the client asks for the content
 */
async function clientOf(filename: string, onRead?: (connection: ssh2.Connection) => void): Promise<ssh2.Client> {
  const attributes = { ...isFile, size: onRead === undefined ? 0 : 1_000_000 };
  const server = new ssh2.Server({ hostKeys: [key] }, (connection) => {
    connection.on('error', () => {});
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => {
      accept().on('sftp', (open) => {
        const sftp = open();
        let listed = false;
        sftp.on('STAT', (id, path) => sftp.attrs(id, path === '/files' ? isDirectory : attributes));
        sftp.on('OPENDIR', (id) => sftp.handle(id, Buffer.from('directory')));
        sftp.on('READDIR', (id) => {
          if (listed) return sftp.status(id, STATUS_CODE.EOF);
          listed = true;
          return sftp.name(id, [{ filename, longname: filename, attrs: isFile }]);
        });
        sftp.on('OPEN', (id) => sftp.handle(id, Buffer.from('file')));
        sftp.on('FSTAT', (id) => sftp.attrs(id, attributes));
        sftp.on('READ', (id) => (onRead === undefined ? sftp.status(id, STATUS_CODE.EOF) : onRead(connection)));
        sftp.on('WRITE', () => onRead?.(connection));
        sftp.on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK));
      });
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const client = new ssh2.Client();
  await new Promise<void>((resolve, reject) => {
    client.on('ready', resolve).on('error', reject);
    client.connect({ host: '127.0.0.1', port, username: 'x', password: 'x' });
  });
  return client;
}

test.each(['../evil', '/evil', 'a/../../evil', 'a/b', 'nul\0'])(
  'a host that sends the name %j has nothing written',
  async (name) => {
    const session = interactiveSession(await clientOf(name), 'jack4', new AbortController().signal);
    const target = join(top, 'in', 'target');
    rmSync(top, { recursive: true, force: true });
    await expect(session.get('/files', target)).rejects.toThrow(
      `jack4:/files has a name that is not copied: ${JSON.stringify(name)}`,
    );
    expect(readdirSync(top, { recursive: true }).sort()).toEqual(['in', 'in/target']);
    expect(existsSync('/evil')).toBe(false);
    await session.close();
  },
);

test('a host that sends a good name has it copied', async () => {
  const session = interactiveSession(await clientOf('good'), 'jack4', new AbortController().signal);
  expect(await session.get('/files', join(directory, 'good'))).toBe(1);
  expect(readdirSync(join(directory, 'good'))).toEqual(['good']);
  await session.close();
});

const losses = ['get', 'put'] as const;
test.each(losses)('%s of a file fails if the connection is lost meanwhile', async (direction) => {
  const client = await clientOf('good', (connection) => connection.end());
  const session = interactiveSession(client, 'jack4', new AbortController().signal);
  const local = join(directory, `lost-${direction}`);
  writeFileSync(local, Buffer.alloc(1_000_000));
  const copied = direction === 'get' ? session.get('/files/good', local) : session.put(local, '/files/good');
  await expect(copied).rejects.toMatchObject({ kind: 'unreachable', message: 'the connection to jack4 was lost' });
  await session.close();
});

test.each(losses)('%s of a file ends with the reason of an interrupt', async (direction) => {
  const interrupt = new AbortController();
  const reason = new Error('interrupted');
  const client = await clientOf('good', () => interrupt.abort(reason));
  const session = interactiveSession(client, 'jack4', interrupt.signal);
  const local = join(directory, `interrupted-${direction}`);
  writeFileSync(local, Buffer.alloc(1_000_000));
  const copied = direction === 'get' ? session.get('/files/good', local) : session.put(local, '/files/good');
  await expect(copied).rejects.toBe(reason);
  await session.close();
});
