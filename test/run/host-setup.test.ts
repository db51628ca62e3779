import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hostSetupProgram, hostSetupReader, parseFacts } from '../../src/run/host/host-setup.ts';
import { joinSh, sh } from '../../src/shell/sh.ts';
import { shells } from '../shell/shells.ts';
import { localConnection } from './local-connection.ts';

const { all, remove } = shells();
afterAll(remove);

describe.each(all)('the facts of a host under $name', (shell) => {
  it('report the user, the system and the existing commands', async () => {
    const reader = hostSetupReader();
    const connection = await localConnection(shell, hostSetupProgram, reader.onFrame);
    await connection.close();
    const { facts } = reader.setup();
    expect(facts).toMatchObject({ uid: process.getuid?.(), arch: expect.stringMatching(/^\w+$/) });
    expect(facts.os.id).toMatch(/^[a-z]+$/);
    expect(facts.memory.total_mb).toBeGreaterThan(100);
    expect(facts.disk.used_percent).toBeGreaterThanOrEqual(0);
    expect(facts.cpus).toBeGreaterThan(0);
    expect(facts.boot_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(Object.keys(facts.commands)).toContain('tar');
  });

  it.skipIf(process.getuid?.() !== 0)(
    'a pending handler that another run removes meanwhile is not waited for',
    async () => {
      const directory = '/var/lib/heal/pending-handlers';
      mkdirSync(directory, { recursive: true });
      const file = join(directory, `gone-${process.pid}.handler`);
      writeFileSync(file, 'recorded');
      // The other run removes it just before it is read.
      const racing = sh`cat() { [ "$1" != ${file} ] || rm -f -- "$1"; command cat "$@"; }`;
      const reader = hostSetupReader();
      const connection = await localConnection(shell, joinSh([racing, hostSetupProgram], '\n'), reader.onFrame);
      await connection.close();
      expect(existsSync(file)).toBe(false);
      expect(reader.setup().pending.join()).not.toContain('recorded');
    },
  );
});

describe('facts', () => {
  it('and pending handlers of a host are kept up to some megabytes', () => {
    const { onFrame } = hostSetupReader();
    const frame = { kind: 'pending', id: '-', words: [], body: Buffer.alloc(3 * 1024 * 1024) };
    onFrame(frame);
    expect(() => onFrame(frame)).toThrow('the host sent more than 4194304 bytes of facts and pending handlers');
  });

  it('name the tools that a host lacks, and refuse it', () => {
    expect(() => parseFacts('missing= setsid timeout\n')).toThrow('the host lacks setsid, timeout');
  });

  it('get the family of a system from ID_LIKE', () => {
    const facts = parseFacts('missing=\nos_ID=ubuntu\nos_ID_LIKE="debian"\nos_PRETTY_NAME="Ubuntu 26.04 LTS"\n');
    expect(facts.os).toMatchObject({ id: 'ubuntu', family: 'debian', name: 'Ubuntu 26.04 LTS' });
  });

  it('keep a value that contains an equals sign', () => {
    expect(parseFacts('missing=\nhostname=a=b\n').hostname).toBe('a=b');
  });

  it('that never came are an error, not empty facts', () => {
    expect(() => hostSetupReader().setup()).toThrow('the login succeeded, but the host sent no facts');
  });
});
