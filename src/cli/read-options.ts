import { HealError } from '../core/errors.ts';
import { type Command, positionals } from './flags.ts';
import type { Options } from './options.ts';

/**
 * Checks the values that yargs found and returns them as Options.
 * @throws HealError of kind `usage`
 */
export function readOptions(values: ReadonlyMap<string, unknown>, command: Command): Options {
  const text = (name: string): string | undefined => {
    const value = values.get(name);
    // If given twice, the later one wins, as in Ansible.
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    return typeof last === 'string' ? last : undefined;
  };
  const list = (name: string): string[] => {
    const value = values.get(name);
    return Array.isArray(value) ? value.map(String) : [];
  };
  const yes = (name: string): boolean => {
    const value = values.get(name);
    return (Array.isArray(value) ? value.at(-1) : value) === true;
  };
  const names = (name: string): string[] => {
    return list(name)
      .flatMap((item) => item.split(','))
      .map((item) => item.trim())
      .filter((item) => item !== '');
  };
  const plan = command.name === 'plan';
  const [first = '', next] = positionals(command);
  const second = next === undefined ? undefined : text(next);
  const playbook = text('playbook');
  const startAtTask = text('start-at-task');
  const limit = text('limit');
  const user = text('user');
  const privateKey = text('private-key');
  const becomeUser = text('become-user');
  const becomeMethod = method(text('become-method'));
  const project = text('project');
  const backups = text('backups');
  const to = text('to');
  const at = text('at');
  const keep = text('keep');
  const maxAge = text('max-age');
  const verbose = values.get('verbose');
  return {
    command: command.name,
    target: text(first) ?? (command.name === 'status' ? 'site' : 'all'),
    given: new Set(command.flags.map((flag) => flag.name).filter((name) => isGiven(values.get(name)))),
    inventory: list('inventory'),
    extraVars: list('extra-vars'),
    tags: names('tags'),
    skipTags: names('skip-tags'),
    check: plan || yes('check'),
    diff: plan || yes('diff'),
    forks: forks(text('forks')),
    lockTimeout: lockTimeout(text('lock-timeout')),
    output: output(text('output')),
    verbose: typeof verbose === 'number' ? verbose : 0,
    listHosts: yes('list-hosts'),
    listTasks: yes('list-tasks'),
    listTags: yes('list-tags'),
    forceHandlers: yes('force-handlers'),
    syntaxCheck: yes('syntax-check'),
    yes: yes('yes'),
    askPass: yes('ask-pass'),
    deep: yes('deep'),
    askBecomePass: yes('ask-become-pass'),
    all: yes('all'),
    only: list('only'),
    ...(second === undefined ? {} : { second }),
    ...(startAtTask === undefined ? {} : { startAtTask }),
    ...(playbook === undefined || command.name !== 'vars' ? {} : { playbook }),
    ...(limit === undefined ? {} : { limit }),
    ...(user === undefined ? {} : { user }),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(yes('become') ? { become: true } : {}),
    ...(becomeUser === undefined ? {} : { becomeUser }),
    ...(becomeMethod === undefined ? {} : { becomeMethod }),
    ...(project === undefined ? {} : { project }),
    ...(backups === undefined ? {} : { backups }),
    ...(to === undefined ? {} : { to }),
    ...(at === undefined ? {} : { at }),
    ...(keep === undefined ? {} : { keep }),
    ...(maxAge === undefined ? {} : { maxAge }),
  };
}

/** yargs counts an option that is not given as 0. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== 0;
}

function forks(given: string | undefined): number {
  if (given === undefined) return 25;
  const n = Number(given);
  if (Number.isInteger(n) && n >= 1 && n <= 1000) return n;
  throw new HealError('usage', `--forks requires an integer from 1 to 1000, not "${given}"`, {
    hint: 'for example: --forks 10',
  });
}

function lockTimeout(given: string | undefined): number {
  if (given === undefined) return 300;
  const n = Number(given);
  if (/^\d+$/.test(given) && n <= 86_400) return n;
  throw new HealError('usage', `--lock-timeout takes seconds from 0 to 86400, not "${given}"`, {
    hint: 'for example: --lock-timeout 60',
  });
}

function method(given: string | undefined): 'sudo' | 'su' | undefined {
  if (given === undefined || given === 'sudo' || given === 'su') return given;
  throw new HealError('usage', `--become-method is either sudo or su, not "${given}"`, {
    hint: 'leave it out for sudo',
  });
}

function output(given: string | undefined): 'text' | 'json' {
  if (given === undefined || given === 'text') return 'text';
  if (given === 'json') return 'json';
  throw new HealError('usage', `--output is either text or json, not "${given}"`, { hint: 'leave it out for text' });
}
