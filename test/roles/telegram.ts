import { createServer, type Server } from 'node:http';

/** A server that takes the place of Telegram's API: it records the messages, and can be told to refuse them. */
export class Telegram {
  /** The messages, in the order of their arrival. */
  readonly told: { readonly path: string; readonly chat: string; readonly text: string }[] = [];
  /** Whether it answers with success; else with 502. */
  answers = true;
  /** Milliseconds until it answers. */
  delay = 0;
  private server: Server | undefined;

  /** Listens on an address of this machine and answers its base URL. */
  async listen(address: string): Promise<string> {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString('utf8');
      });
      request.on('end', () => {
        if (!this.answers) return response.writeHead(502).end();
        const fields = new URLSearchParams(body);
        this.told.push({ path: request.url ?? '', chat: fields.get('chat_id') ?? '', text: fields.get('text') ?? '' });
        setTimeout(() => response.end('{"ok":true}'), this.delay);
        return undefined;
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, address, resolve));
    const bound = this.server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no address');
    return `http://${address}:${bound.port}`;
  }

  close(): void {
    this.server?.close();
  }
}
