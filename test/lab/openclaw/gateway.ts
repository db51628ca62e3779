import { createServer, type RequestListener } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { at, port, readConfig } from './config.ts';
import { isHealthy } from './health.ts';
import { badConfigCode, behaviour } from './settings.ts';

/** `openclaw gateway [--port N]`: answers /healthz on loopback until it is told to stop.
 *
 * Started as `openclaw` it renames itself; the user unit starts dist/index.js, and there the real one keeps its name. */
export async function gateway(options: { port?: number; rename: boolean }): Promise<number> {
  if (options.rename) process.title = 'openclaw-gateway';
  log('loading configuration…');
  const read = readConfig();
  const config = 'config' in read ? read.config : {};
  if (at(config, 'gateway.mode') !== 'local') {
    // The real one says the same of a config that it cannot parse.
    log(
      'Gateway start blocked: existing config is missing gateway.mode. Treat this as suspicious or clobbered config.',
    );
    return badConfigCode();
  }
  const { startMs, stopMs } = behaviour();
  const number = options.port ?? port(config);
  if (await isHealthy(number)) return second();
  const stopped = stopping();
  await Promise.race([wait(startMs), stopped]);
  const server = createServer(answer);
  const opened = new Promise<string>((resolve) => {
    server.once('listening', () => resolve('open'));
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'failed'));
  });
  server.listen(number, '127.0.0.1');
  const outcome = await opened;
  if (outcome !== 'open') {
    log(`Gateway failed to start: another gateway instance is already listening on ws://127.0.0.1:${number}`);
    log(`Port ${number} is already in use.`);
    return 1;
  }
  log('ready');
  const signal = await stopped;
  log(`signal ${signal} received`);
  await wait(stopMs);
  server.close();
  server.closeAllConnections();
  log('stopped');
  return 0;
}

/** 2026.9.6 finds its state locked before it tries the port. */
function second(): number {
  if (behaviour().version === '2026.2.9') {
    log('Gateway failed to start: another gateway instance is already listening');
    return 1;
  }
  log('Gateway failed to start: another OpenClaw process owns gateway-lifecycle | gateway.maintenance_required.');
  return 78;
}

const answer: RequestListener = (request, response) => {
  if (request.url?.split('?')[0] !== '/healthz') {
    response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><title>OpenClaw (lab stand-in)</title>');
  } else if (behaviour().version === '2026.2.9') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><title>OpenClaw Control</title>');
  } else {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    response.end('{"ok":true,"status":"live"}');
  }
};

function stopping(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

function log(text: string): void {
  console.log(`${new Date().toISOString().replace('Z', '+00:00')} [gateway] ${text}`);
}
