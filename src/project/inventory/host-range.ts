/**
 * The host names that one key of an inventory expands to, as in Ansible: `jack[1:3]`, `web[01:10]` (keeps the zeros),
 * `db-[a:c]`, `n[0:8:2]`, several in one name. Throws an Error that describes the mistake.
 */
export function expandHosts(pattern: string): string[] {
  const open = pattern.indexOf('[');
  if (open < 0) return [pattern];
  const close = pattern.indexOf(']', open);
  const range = close < 0 ? [] : pattern.slice(open + 1, close).split(':');
  const [from, to, step, ...more] = range;
  if (from === undefined || to === undefined || more.length > 0)
    throw new Error(`"${pattern}" is not a range of hosts`);
  const heads = steps(from, to, step, pattern).map((item) => pattern.slice(0, open) + item);
  const tails = expandHosts(pattern.slice(close + 1));
  return heads.flatMap((head) => tails.map((tail) => head + tail));
}

function steps(from: string, to: string, step: string | undefined, pattern: string): string[] {
  const by = step === undefined ? 1 : Number(step);
  const letters = /^[A-Za-z]$/.test(from) && /^[A-Za-z]$/.test(to);
  const first = letters ? from.charCodeAt(0) : /^\d+$/.test(from) ? Number(from) : Number.NaN;
  const last = letters ? to.charCodeAt(0) : /^\d+$/.test(to) ? Number(to) : Number.NaN;
  if (!(last >= first) || !Number.isInteger(by) || by < 1) throw new Error(`"${pattern}" is not a range of hosts`);
  if ((last - first) / by > 10_000) throw new Error(`"${pattern}" expands to more than 10000 hosts`);
  const items: string[] = [];
  for (let at = first; at <= last; at += by) {
    items.push(letters ? String.fromCharCode(at) : String(at).padStart(from.startsWith('0') ? from.length : 0, '0'));
  }
  return items;
}
