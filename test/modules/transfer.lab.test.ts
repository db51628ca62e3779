import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getUrl } from '../../src/modules/get-url.ts';
import { unarchive } from '../../src/modules/unarchive.ts';
import { runSync } from '../child.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { type Server, startServer } from '../server.ts';
import { labShell } from './lab-shell.ts';
import { converge, scratch } from './on-this-machine.ts';
import { proven, titles } from './proven.ts';

describeLab('what a real host fetches and unpacks', { hosts: ['bare'] }, (lab) => {
  let directory = '';
  let server: Server | undefined;
  let url = '';
  const host = () => lab().host('bare');

  beforeAll(async () => {
    directory = scratch();
    mkdirSync(join(directory, 'app/bin'), { recursive: true });
    writeFileSync(join(directory, 'app/bin/run'), '#!/bin/sh\n', { mode: 0o755 });
    runSync('tar', ['-C', directory, '-czf', join(directory, 'app.tgz'), 'app']);
    const create = `require('http').createServer((q, a) => {
      if (!String(q.headers.authorization).endsWith('secret')) return a.writeHead(401).end();
      require('fs').createReadStream(${JSON.stringify(join(directory, 'app.tgz'))}).pipe(a);
    })`;
    server = await startServer(create, '0.0.0.0');
    url = `http://${lab().gateway}:${server.port}/app.tgz`;
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a release is fetched from a server that wants a secret, unpacked, and then left alone', async () => {
    const checksum = createHash('sha256')
      .update(readFileSync(join(directory, 'app.tgz')))
      .digest('hex');
    const release = {
      url, dest: '/root/app.tgz', checksum: `sha256:${checksum}`, headers: { authorization: 'Bearer secret' }, mode: '0600',
      force: false, timeout: 60, validate_certs: true, backup: false, max_size: 1_000_000,
    }; // biome-ignore format: a table
    const shell = labShell(host());
    expect(titles(proven(converge(shell, getUrl, release)))).toEqual(['fetch /root/app.tgz']);
    proven(converge(shell, getUrl, release));
    const refused = converge(shell, getUrl, { ...release, dest: '/root/other', headers: { authorization: 'no' } });
    expect(refused.applied[0]).toMatchObject({ code: 1, stderr: expect.stringContaining('401') });

    const unpacked = {
      src: '/root/app.tgz',
      remote_src: true,
      dest: '/opt',
      strip: 1,
      owner: 'root',
      links_out: false,
    };
    expect(titles(proven(converge(shell, unarchive, unpacked)))).toEqual(['unpack app.tgz into /opt']);
    expect(titles(converge(shell, unarchive, unpacked))).toEqual([]);
    expect(await host().exec('stat -c "%a %U" /opt/bin/run; ls /root/other 2>&1 | wc -l')).toBe('755 root\n1\n');
  });
});
