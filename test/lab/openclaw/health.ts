import { get } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { port, readConfig } from './config.ts';

/** Whether a gateway answers on this port within a second. */
export function isHealthy(number: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port: number, path: '/healthz', timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

/** `openclaw health --json --timeout MS`: like the real one it waits the whole time for a gateway that is down. */
export async function health(timeoutMs: number): Promise<number> {
  const read = readConfig();
  const number = port('config' in read ? read.config : {});
  const until = Date.now() + timeoutMs;
  let ok = await isHealthy(number);
  while (!ok && Date.now() < until) {
    await wait(Math.min(250, Math.max(0, until - Date.now())));
    ok = await isHealthy(number);
  }
  const gateway = { url: `ws://127.0.0.1:${number}`, urlSource: 'local loopback', bindDetail: 'Bind: loopback' };
  const message = `Gateway not reachable after waiting ${timeoutMs / 1000} s.`;
  const said = ok
    ? { ok, ts: Date.now(), durationMs: 1, channels: {}, heartbeatSeconds: 1800, defaultAgentId: 'main' }
    : { ok, error: { type: 'gateway_transport_error', kind: 'timeout', message, timeoutMs }, gateway };
  console.log(JSON.stringify(said, null, 2));
  return ok ? 0 : 1;
}
