import { expect, test } from 'vitest';
import { directoryWith } from './built.ts';
import { underDeadResolver } from './dead-resolver.ts';

test.skipIf(process.getuid?.() !== 0)('names that no resolver answers for delay no other host', async () => {
  const names = Array.from({ length: 20 }, (_, n) => `n${n}: { address: n${n}.example.com }`);
  const project = directoryWith({
    'inventory/hosts.yml': `all: { hosts: { ${names.join(', ')}, here: { address: localhost, port: 9 } }, vars: { connect_timeout: 5 } }\n`,
  });
  const { stdout, stderr } = await underDeadResolver(project, 'ping');
  expect(stdout + stderr).toContain('here | unreachable | connection refused by localhost port 9');
});
