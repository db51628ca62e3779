import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ownWorkplace, site } from './bad-input.ts';

const place = ownWorkplace();

describe('what is known only at the connection', () => {
  test.each([
    [
      'a refused connection',
      '{ address: 127.0.0.1, port: 1 }',
      4,
      'jack4 | unreachable | connection refused by 127.0.0.1 port 1\n    cause: connect ECONNREFUSED 127.0.0.1:1\n    hint: is sshd running there, and is this its port?\n',
    ],
    [
      'a name that nobody knows',
      '{ address: nowhere.invalid }',
      4,
      [
        'jack4 | unreachable | unknown host name nowhere.invalid\n    cause: getaddrinfo ENOTFOUND nowhere.invalid\n    hint: give the host an address in the inventory, or HostName in ~/.ssh/config\n',
        // Of a resolver that reaches no server.
        'jack4 | unreachable | the name nowhere.invalid could not be looked up now\n    cause: getaddrinfo EAI_AGAIN nowhere.invalid\n    hint: is there a network here?\n',
      ],
    ],
  ])('%s', async (_name, host, wanted, text) => {
    const project = place.project({
      ...site('- command: "true"'),
      'inventory/hosts.yml': `all:\n  hosts:\n    jack4: ${host}\n`,
    });
    const { code, stdout, stderr } = await place.heal(project, ['run', 'site']);
    expect({ code, stderr }).toEqual({ code: wanted, stderr: '' });
    expect([text].flat()).toContainEqual(expect.toSatisfy((one: string) => stdout.includes(one)));
    expect(stdout).toMatch(/jack4 +: ok=0 +changed=0 +unreachable=1 +failed=0 /);
  });

  test('a host that accepts the connection and sends nothing', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const project = place.project({
      ...site('- command: "true"'),
      'inventory/hosts.yml': `all:\n  hosts:\n    jack4: { address: 127.0.0.1, port: ${port}, connect_timeout: 1 }\n`,
    });
    const { code, stdout } = await place.heal(project, ['run', 'site']);
    server.close();
    expect(code).toBe(4);
    expect(stdout).toContain(
      `jack4 | unreachable | logging in to 127.0.0.1 port ${port} timed out after 1 s\n    hint: `,
    );
  });
});
