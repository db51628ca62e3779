import { type Change, predicts } from '../core/change.ts';
import type { Answers, Input } from '../core/module.ts';
import type { Question } from '../core/probe.ts';
import { absent, present } from '../core/state.ts';
import { installed, type Package } from '../probes/package.ts';
import { type PackageLists, packageLists } from '../probes/package-lists.ts';
import { defineModule } from './definition/define.ts';
import {
  fetchLists,
  installScript,
  type Manager,
  managerOf,
  packageTouches,
  removeScript,
} from './packages/package-scripts.ts';

const packageName = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9+._:-]*(=[A-Za-z0-9.+:~-]+)?$' } as const;

/** Installs, updates or removes packages of the host's distribution. */
export const packages = defineModule({
  name: 'package',
  about: "Installs, updates or removes packages of the host's distribution.",
  args: {
    properties: {
      name: {
        anyOf: [packageName, { type: 'array', items: packageName, minItems: 1 }],
        description: 'Package, or a list; "name=1.2-3" requires that version.',
      },
      state: {
        enum: ['present', 'absent', 'latest'],
        default: 'present',
        description: '`latest`: the newest version in the package lists of the host (see `update_cache`). apt only.',
      },
      update_cache: {
        type: 'boolean',
        default: false,
        description:
          'Update the package lists (like `apt-get update`) if they are older than `cache_valid_time` and `state` is `latest`, or a package must be installed, or `name` is omitted. apt only.',
      },
      cache_valid_time: {
        type: 'integer',
        minimum: 0,
        default: 3600,
        description: 'Maximum age of the package lists in seconds. With 0 they are updated each time.',
      },
      install_recommends: { type: 'boolean', default: true, description: 'Also install recommended packages (apt).' },
      allow_downgrade: {
        type: 'boolean',
        default: false,
        description: 'Allow a downgrade if `name` requires an older version.',
      },
      purge: { type: 'boolean', default: false, description: 'Also remove the configuration of the package.' },
      autoremove: {
        type: 'boolean',
        default: false,
        description: 'Also remove dependencies that no other package needs.',
      },
      lock_timeout: {
        type: 'integer',
        minimum: 0,
        default: 300,
        description: 'Seconds to wait while another package manager runs.',
      },
    },
    required: [],
  },
  shorthand: 'name',
  aliases: { pkg: 'name', package: 'name', 'update-cache': 'update_cache' },
  examples: [
    { name: 'The tools are there', args: { name: ['acl', 'curl'], update_cache: true } },
    { name: 'The old server is gone', args: { name: 'telnetd', state: 'absent', purge: true } },
  ],
  misuse: ({ name, update_cache: update }) =>
    name === undefined && !update ? { message: 'package needs a name, or update_cache' } : undefined,
  reads: (args, _look, input) => ({
    ...questionsOf(args, input),
    lists: args.update_cache ? packageLists(input.account) : undefined,
  }),
  plan: (
    args,
    answers: Answers<{
      readonly [name: `package${number}`]: Question<Package>;
      readonly lists: Question<PackageLists> | undefined;
    }>,
    input,
    before,
  ) => {
    const manager = managerOf(input.facts);
    if (manager === undefined) {
      return { changes: [], failed: 'the host has no package manager that heal knows (apt, dnf, apk)' };
    }
    if (manager !== 'apt' && args.state === 'latest') {
      return { changes: [], failed: `state latest is supported only for apt, and the host has ${manager}` };
    }
    const wanted = wantedOf(args);
    const found = wanted.map((one, i) => ({ ...one, there: answers[`package${i}`] }));
    const { lists } = answers;
    const old =
      manager === 'apt' &&
      args.update_cache &&
      before === undefined &&
      (lists === undefined || (lists.stamp?.age ?? 0) >= args.cache_valid_time);

    if (args.state === 'absent') {
      const gone = found.filter(({ there }) => there !== undefined && there.provider === undefined);
      return gone.length === 0 ? [] : [removal(gone, manager, args, input)];
    }
    const lacking = found.filter(({ there, version }) => there === undefined || !fits(there, version));
    if (args.state === 'latest') {
      const behind = found.filter((one) => lacking.includes(one) || isBehind(one.there));
      const all = old ? found : behind;
      if (all.length === 0) return [];
      return [...(old ? [fetching(args, input)] : []), installation(all, manager, args, input, !old)];
    }
    if (lacking.length === 0) return old && found.length === 0 ? [fetching(args, input)] : [];
    return [...(old ? [fetching(args, input)] : []), installation(lacking, manager, args, input, true)];
  },
});

interface Given {
  readonly name?: string | readonly string[];
  readonly state: 'present' | 'absent' | 'latest';
  readonly install_recommends: boolean;
  readonly allow_downgrade: boolean;
  readonly purge: boolean;
  readonly autoremove: boolean;
  readonly lock_timeout: number;
}

interface Wanted {
  readonly name: string;
  readonly version?: string;
}

type Found = Wanted & { readonly there: Package | undefined };

function wantedOf({ name = [] }: Given): readonly Wanted[] {
  return (typeof name === 'string' ? [name] : name).map((one) => {
    const equals = one.indexOf('=');
    return equals < 0 ? { name: one } : { name: one.slice(0, equals), version: one.slice(equals + 1) };
  });
}

function ask({ name }: Wanted, args: Given, input: Input): Question<Package> {
  return installed(name, { newest: args.state === 'latest' }, input.account);
}

function questionsOf(args: Given, input: Input): { readonly [name: `package${number}`]: Question<Package> } {
  return Object.fromEntries(wantedOf(args).map((one, i) => [`package${i}`, ask(one, args, input)]));
}

function fits({ stamp }: Package, version: string | undefined): boolean {
  return version === undefined || stamp === undefined || stamp.version === version;
}

function isBehind(there: Package | undefined): boolean {
  const { version = '', candidate = '' } = there?.stamp ?? {};
  return version !== '' && candidate !== '' && candidate !== version;
}

function fetching(args: Given, input: Input): Change {
  return {
    title: 'fetch the package lists',
    sign: '~',
    act: { kind: 'program', script: fetchLists(args.lock_timeout) },
    predicts: [predicts(packageLists(input.account), present({}))],
    touches: ['package-lists', 'tree:/var/lib/apt', 'tree:/var/cache/apt'],
  };
}

/** `known` is false if only lists that are not fetched yet contain the resulting version. */
function installation(some: readonly Found[], manager: Manager, args: Given, input: Input, known: boolean): Change {
  const words = some.map(({ name, version, there }) => {
    const now = there?.stamp?.version;
    const next = version ?? there?.stamp?.candidate;
    if (now === undefined || now === '') return `install ${name}${version === undefined ? '' : ` ${version}`}`;
    return known ? `${name} ${now} -> ${next}` : `bring ${name} ${now} to the newest`;
  });
  return {
    title: words.join(', '),
    sign: some.every(({ there }) => there === undefined) ? '+' : '~',
    act: { kind: 'program', script: installScript(manager, some, args) },
    ...(known
      ? {
          predicts: some.flatMap((one) => [
            predicts(ask(one, args, input), present({})),
            // If no version is requested, the answer to the other form of the question is the same.
            predicts(installed(one.name, { newest: args.state !== 'latest' }, input.account), present({})),
          ]),
        }
      : {}),
    touches: packageTouches,
  };
}

function removal(some: readonly Found[], manager: Manager, args: Given, input: Input): Change {
  const names = some.map(({ name }) => name);
  return {
    title: `${args.purge ? 'purge' : 'remove'} ${names.join(', ')}`,
    sign: '-',
    act: { kind: 'program', script: removeScript(manager, names, args) },
    predicts: names.flatMap((name) => [
      predicts(installed(name, {}, input.account), absent),
      predicts(installed(name, { newest: true }, input.account), absent),
    ]),
    touches: packageTouches,
  };
}
