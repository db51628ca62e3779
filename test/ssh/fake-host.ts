import { createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import ssh2, { type AcceptConnection, type Session } from 'ssh2';
import { startChild } from '../child.ts';

/** A server on loopback that behaves badly at one stage of a login or run. */
export interface FakeHost {
  readonly port: number;
  stop(): void;
}

/** What a fake host does with a TCP connection, instead of SSH. */
const beforeSsh = {
  'accepts and says nothing': () => {},
  'says its version and nothing more': (socket: Socket) => {
    socket.write('SSH-2.0-Fake\r\n');
  },
  'closes at once': (socket: Socket) => {
    socket.end();
  },
  'speaks HTTP': (socket: Socket) => {
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  },
} as const;

/** What a fake host does once the key exchange is done. */
const inSsh = {
  'never answers who may log in': (connection: ssh2.Connection) => {
    connection.on('authentication', () => {});
  },
  'never opens a channel': (connection: ssh2.Connection) => {
    letIn(connection);
    connection.on('session', () => {});
  },
  'never starts a command': (connection: ssh2.Connection) => {
    onSession(connection, (session) => session.on('exec', () => {}));
  },
  'starts a command and says nothing': (connection: ssh2.Connection) => {
    onSession(connection, (session) => session.on('exec', (accept) => void accept()));
  },
} as const;

/** Gets what a shell wrote, and gives what is sent; for no bytes, what is sent without end. */
export type OutputChange = () => (bytes: Buffer) => Buffer;

/** What a fake host does with the output of a real shell. */
const inOutput: Readonly<Record<string, OutputChange>> = {
  'sends one byte and stops': () => {
    let sent = false;
    return (bytes) => {
      const first = sent ? Buffer.alloc(0) : bytes.subarray(0, 1);
      sent = true;
      return first;
    };
  },
  'stops in the middle of a frame': () => {
    let left = 100;
    return (bytes) => {
      const part = bytes.subarray(0, Math.max(0, left));
      left -= bytes.length;
      return part;
    };
  },
  'announces a frame without end': () => (bytes) =>
    Buffer.from(bytes.toString('latin1').replace(/ facts - \d+\n/, ' facts - 68719476736\n'), 'latin1'),
  'announces large facts': () => (bytes) => {
    const text = bytes.toString('latin1');
    return Buffer.from(
      text.replace(/ facts - (\d+)\n/, ' facts - 60000000\n'.concat('x'.repeat(60_000_000))),
      'latin1',
    );
  },
  'answers for a change that there is not': () => (bytes) =>
    Buffer.from(bytes.toString('latin1').replace(/ answers - /, ' act a99 '), 'latin1'),
  'has control characters in its facts': () => (bytes) =>
    Buffer.from(
      bytes.toString('latin1').replace(/(hostname|os_PRETTY_NAME)=./g, '$1=\x1b\x07\x9b'.slice(0, -1)),
      'latin1',
    ),
  'makes noise without end': () => () => Buffer.alloc(64 * 1024, 'noise '),
};

/** Names of all that a fake host can do. */
export const fakes: readonly string[] = [...Object.keys(beforeSsh), ...Object.keys(inSsh), ...Object.keys(inOutput)];

/** Starts one; `hostKey` is the text of its private key. It lets everybody in. `does` is one of {@link fakes}, or a change of a shell's output. */
export async function fakeHost(does: string | OutputChange, hostKey: Buffer): Promise<FakeHost> {
  const [what, change] = typeof does === 'string' ? [does, inOutput[does]] : ['', does];
  const sockets = new Set<Socket>();
  const raw: Readonly<Record<string, (socket: Socket) => void>> = beforeSsh;
  const ssh: Readonly<Record<string, (connection: ssh2.Connection) => void>> = inSsh;
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connection.on('error', () => {});
    const own = ssh[what];
    if (own === undefined) withOutput(connection, change?.() ?? ((bytes) => bytes));
    else own(connection);
  });
  const listener: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const act = raw[what];
    if (act === undefined) server.injectSocket(socket);
    else act(socket);
  });
  const port = await new Promise<number>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    port,
    stop: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function letIn(connection: ssh2.Connection): void {
  connection.on('authentication', (context) => context.accept());
}

function onSession(connection: ssh2.Connection, use: (session: Session) => void): void {
  letIn(connection);
  connection.on('session', (accept: AcceptConnection<Session>) => use(accept()));
}

/** Runs the command by a real shell, and sends what becomes of its output. */
function withOutput(connection: ssh2.Connection, change: (bytes: Buffer) => Buffer): void {
  onSession(connection, (session) =>
    session.on('exec', (accept, _reject, { command }) => {
      const stream = accept();
      stream.on('error', () => {});
      const { child, stop } = startChild('/bin/sh', ['-c', command], { stdin: 'pipe' });
      connection.on('close', () => void stop());
      if (child.stdin !== null) stream.pipe(child.stdin);
      const changed = new Transform({ transform: (bytes: Buffer, _encoding, done) => done(null, change(bytes)) });
      child.stdout?.pipe(changed).pipe(stream, { end: false });
      // Without an end: what it makes does not depend on what the shell writes.
      if (change(Buffer.alloc(0)).length > 0) child.stdout?.once('data', () => pour(stream, change));
    }),
  );
}

function pour(stream: ssh2.ServerChannel, make: (bytes: Buffer) => Buffer): void {
  let open = true;
  stream.on('close', () => {
    open = false;
  });
  const more = (): void => {
    while (open && stream.write(make(Buffer.alloc(0))));
  };
  stream.on('drain', more);
  more();
}
