import type { Connect, Login } from '../../core/connection.ts';
import { exitCodes, HealError } from '../../core/errors.ts';
import type { Facts } from '../../core/facts.ts';
import type { Host, Variables } from '../../core/playbook.ts';
import { noExtraVars } from '../../project/variables/extra-vars.ts';
import { variablesOfHost } from '../../project/variables/variables.ts';
import { count, duration } from '../../report/duration.ts';
import { errorText } from '../../report/error-text.ts';
import { hostSetupProgram, hostSetupReader } from '../../run/host/host-setup.ts';
import { eachHost } from '../../run/playbook/each-host.ts';
import { completeLogins, connectAsking } from '../ask-logins.ts';
import { loginFor } from '../login-of.ts';
import type { Options } from '../options.ts';
import type { World } from '../world.ts';
import { chosenHosts, inventoryOf } from './hosts-command.ts';

/** The answer of a host, or the reason why it did not answer. */
interface Pong {
  readonly login: Login;
  readonly ms: number;
  readonly answer: Facts | HealError;
}

/** `heal ping [PATTERN]`: logs in to all hosts and prints what each one is; 4 if one could not be reached. */
export async function pingCommand(options: Options, world: World): Promise<number> {
  const { inventory, project } = await inventoryOf(options, world);
  const chosen = await chosenHosts(inventory, options.target, options.limit, world.cwd);
  const complete = await completeLogins(options, world);
  const variablesOf = (host: Host): Variables => variablesOfHost(inventory, host, { extra: noExtraVars });
  const logins = [...inventory.hosts.values()]
    .filter((host) => chosen.has(host.name))
    .map((host) => loginFor(host, variablesOf(host), project, options, world, complete));
  const connect = await connectAsking(logins, options, world);
  const width = Math.max(0, ...logins.map((login) => login.name.length));
  const pongs = new Map<Login, Pong>();
  const begun = world.now();
  await eachHost(logins, options.forks, async (login) => {
    const pong = await ping(login, connect, world);
    pongs.set(login, pong);
    if (options.output === 'text') world.out(`${pongText(pong, width, world)}\n`);
  }).finally(() => connect.close());
  const all = logins.flatMap((login) => pongs.get(login) ?? []);
  const answered = all.filter((pong) => !(pong.answer instanceof HealError)).length;
  if (options.output === 'json') world.json({ format: 1, hosts: all.map(pongRow) });
  else world.out(`\n${answered} of ${count(all.length, 'host')} answered in ${duration(world.now() - begun)}\n`);
  return answered === all.length ? 0 : exitCodes.unreachable;
}

async function ping(login: Login, connect: Connect, world: World): Promise<Pong> {
  const start = world.now();
  const { signal } = world.interrupt;
  try {
    const reader = hostSetupReader();
    const connection = await connect(login, hostSetupProgram, reader.onFrame, signal);
    const ms = Math.round(world.now() - start);
    await connection.close();
    return { login, ms, answer: reader.setup().facts };
  } catch (error) {
    if (!(error instanceof HealError) || signal.aborted) throw error;
    return { login, ms: Math.round(world.now() - start), answer: error };
  }
}

function pongText({ login, ms, answer }: Pong, width: number, { clean, paint }: World): string {
  const name = clean.line(login.name).padEnd(width);
  if (answer instanceof HealError) {
    const [first = '', ...more] = errorText(answer, { clean, paint, label: '' }).split('\n');
    const word = answer.kind === 'unreachable' ? 'unreachable' : 'failed';
    return [`${name} | ${paint(word, word)} | ${first}`, ...more.map((line) => `    ${line}`)].join('\n');
  }
  const who = `${answer.user}@${login.address}${login.become ? `, ${login.becomeMethod}` : ''}`;
  return `${name} | ${paint('ok', 'pong')} | ${clean.line(`${who}, ${answer.os.name}`)}, in ${duration(ms)}`;
}

function pongRow({ login, ms, answer }: Pong) {
  const failed = answer instanceof HealError;
  return {
    host: login.name,
    ok: !failed,
    ms,
    address: login.address,
    port: login.port,
    become: login.become,
    facts: failed ? null : answer,
    error: failed ? { kind: answer.kind, message: answer.message, hint: answer.hint ?? null } : null,
  };
}
