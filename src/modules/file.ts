import { posix } from 'node:path';
import type { Change } from '../core/change.ts';
import type { Input } from '../core/module.ts';
import { entry } from '../probes/entry.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath, fileMode, owner, ownerGroup } from './definition/schemas.ts';
import {
  type Attributes,
  attributeDifferences,
  attributeScript,
  chownWord,
  followText,
  wantedAttributes,
  withAttributes,
} from './files/attributes.ts';
import { directoryPlan, directoryReads } from './files/directory-state.ts';
import { linkPlan, type Origins } from './files/link-state.ts';
import { octalWord, symbolicMode } from './files/mode.ts';
import { newEntry } from './files/new-entry.ts';
import { predictEntry } from './files/predicted-entry.ts';
import { removedPlan } from './files/removal.ts';

/** Manages the type, owner and mode of a path: a file, a directory, a link, or absent. */
export const file = defineModule({
  name: 'file',
  about: 'Manages the type, owner and mode of a path: a file, a directory, a link, or absent.',
  args: {
    properties: {
      path: absolutePath,
      state: {
        enum: ['file', 'directory', 'link', 'hard', 'touch', 'absent'],
        default: 'file',
        description:
          '`file`: only manage the attributes; fail if the path does not exist. `touch`: create an empty file, or set the timestamps of an existing one.',
      },
      src: { type: 'string', minLength: 1, description: 'Target of the link, written unchanged.' },
      force: { type: 'boolean', default: false, description: 'Replace an existing file with the link.' },
      owner,
      group: ownerGroup,
      mode: fileMode,
    },
    required: ['path'],
  },
  shorthand: 'path',
  aliases: { dest: 'path', name: 'path' },
  examples: [
    { name: 'The key is private', args: { path: '/etc/app/key', mode: '0600', owner: 'root' } },
    {
      name: 'The current release is the new one',
      args: { path: '/srv/app/current', src: '/srv/app/r7', state: 'link' },
    },
  ],
  reads: (args, look, input) => ({
    ...directoryReads(args, look, input),
    source: args.state === 'hard' && args.src !== undefined ? entry(args.src, {}, input.account) : undefined,
  }),
  plan: (args, answers, input, before) => {
    const attributes = wantedAttributes(args, answers);
    if ('failed' in attributes) return { changes: [], failed: attributes.failed };
    if (args.state === 'absent') return removedPlan(args.path, answers.entry, input);
    if (args.state === 'directory') return directoryPlan(args, answers, input);
    const path = posix.normalize(args.path);
    if (args.state === 'link' || args.state === 'hard') {
      if (args.src === undefined) return { changes: [], failed: `state ${args.state} needs src` };
      return linkPlan(
        { path, src: args.src, hard: args.state === 'hard', force: args.force },
        answers,
        attributes,
        input,
      );
    }

    const linked = answers.entry?.type === 'link';
    const real = linked ? posix.resolve(posix.dirname(path), answers.entry?.target ?? '') : path;
    const there = linked ? answers.linked : answers.entry;
    if (there === undefined && args.state === 'file') {
      return {
        changes: [],
        failed: `${real} is not there`,
        hint: 'state: touch creates an empty file, copy a file with content',
      };
    }
    if (there?.type === 'directory' && args.state === 'file') return { changes: [], failed: `${real} is a directory` };
    if (there === undefined) return { changes: [empty(path, real, attributes, answers, input)] };
    const differences = attributeDifferences(there, attributes);
    const touch = args.state === 'touch' && before === undefined;
    if (differences.length === 0 && !touch) return { changes: [] };
    const question = entry(real, {}, input.account);
    const script = joinSh([...followText(path, real), attributeScript(real, there, attributes)], '\n');
    return {
      changes: [
        {
          title: [...(touch ? [`set the time of ${real}`] : []), ...differences].join(', '),
          sign: '~',
          expects: [question],
          act: { kind: 'program', script: touch ? joinSh([script, sh`touch -- ${real}`], '\n') : script },
          predicts: predictEntry(real, withAttributes(there, attributes), input.account),
          touches: [`path:${real}`],
        },
      ],
    };
  },
});

function empty(given: string, path: string, attributes: Attributes, answers: Origins, input: Input): Change {
  const next = newEntry('file', attributes, { self: answers.self, parent: answers.up0 });
  const { mode } = attributes;
  const octal = mode === undefined ? '' : octalWord(mode);
  const symbolic = mode === undefined ? '' : answers.up0?.defaultAcl?.extended === false ? octal : symbolicMode(mode);
  const owner = chownWord(attributes);
  return {
    title: `create empty file ${path}`,
    sign: '+',
    expects: [entry(path, {}, input.account)],
    act: {
      kind: 'program',
      script: joinSh(
        [
          ...followText(given, path),
          sh`begin ${path}`,
          sh`finish ${path} ${owner} ${octal} ${symbolic} ''`,
          sh`commit ${path} ${owner} ${octal}`,
        ],
        '\n',
      ),
    },
    predicts: predictEntry(path, next, input.account),
    touches: [`path:${path}`],
  };
}
