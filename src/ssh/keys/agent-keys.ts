import ssh2, { type BaseAgent, type ParsedKey, type PublicKeyEntry } from 'ssh2';

/** The keys that an agent has; undefined if it does not answer within `limit` milliseconds. */
export function agentKeys(agent: BaseAgent, limit: number): Promise<readonly ParsedKey[] | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), limit);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      if (error) return resolve(undefined);
      const found: ParsedKey[] = [];
      for (const offered of keys ?? []) {
        // Types that ssh2 does not know (sk-*, certificates) cannot be parsed and are left out.
        const key = ssh2.utils.parseKey(bare(offered));
        const parsed = Array.isArray(key) ? key[0] : key;
        if (parsed === undefined || parsed instanceof Error) continue;
        found.push(parsed);
      }
      resolve(found);
    });
  });
}

/** An agent returns its keys unchanged or wrapped in other data, at one or two levels of nesting. */
function bare(offered: string | Buffer | ParsedKey | PublicKeyEntry): string | Buffer | ParsedKey {
  if (typeof offered === 'string' || Buffer.isBuffer(offered) || !('pubKey' in offered)) return offered;
  const { pubKey } = offered;
  return typeof pubKey === 'object' && 'pubKey' in pubKey ? pubKey.pubKey : pubKey;
}
