import { createServer, type Server, type ServerResponse } from 'node:http';

const okay = '{"ok":true}';

/** A server that takes the place of Telegram's API: it records the messages, and can be told to refuse them. */
export class Telegram {
  /** The messages, in the order of their arrival. */
  readonly told: { readonly path: string; readonly chat: string; readonly text: string }[] = [];
  /** Whether it answers with success; else with 502. */
  answers = true;
  /** While true, what arrives is recorded and has no answer yet. */
  private holds = false;
  private readonly held: ServerResponse[] = [];
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
        if (this.holds) this.held.push(response);
        else response.end(okay);
        return undefined;
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, address, resolve));
    const bound = this.server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no address');
    return `http://${address}:${bound.port}`;
  }

  /** Lets whoever tells it something wait for the answer, until the returned function is called. */
  hold(): () => void {
    this.holds = true;
    return () => {
      this.holds = false;
      for (const response of this.held.splice(0)) response.end(okay);
    };
  }

  close(): void {
    this.server?.close();
  }
}
