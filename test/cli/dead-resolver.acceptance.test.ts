import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../child.ts';
import { directoryWith, healEntry } from './built.ts';

test.skipIf(process.getuid?.() !== 0)('names that no resolver answers for delay no other host', async () => {
  const names = Array.from({ length: 20 }, (_, n) => `n${n}: { address: n${n}.example.com }`);
  const project = directoryWith({
    'inventory/hosts.yml': `all: { hosts: { ${names.join(', ')}, here: { address: localhost, port: 9 } }, vars: { connect_timeout: 5 } }\n`,
  });
  // Of TEST-NET-1 (RFC 5737): nobody answers there. Where there is no route to it the look-up fails at once, which is no harm.
  const resolver = join(project, 'resolv.conf');
  writeFileSync(resolver, 'nameserver 192.0.2.1\n');
  const script = `mount --bind "$1" /etc/resolv.conf && exec "$2" "$3" ping`;
  const words = ['-m', 'sh', '-c', script, 'sh', resolver, process.execPath, healEntry];
  const { stdout, stderr } = await runChild('unshare', words, { cwd: project });
  expect(stdout + stderr).toContain('here | unreachable | connection refused by localhost port 9');
});
