import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { Answers, Decision, Module, Reads } from '../../src/core/module.ts';
import type { FileContent } from '../../src/probes/content.ts';
import type { Entry } from '../../src/probes/entry.ts';
import { withDefaults } from '../../src/project/schema/schema-check.ts';
import { inputOf } from './on-this-machine.ts';

/** What editing a string came to: the text afterwards, or why it was refused. */
export interface Outcome {
  readonly text?: string;
  readonly failed?: string;
  readonly title?: string;
  readonly message?: string;
  readonly changed: boolean;
}

const entry: Entry = {
  type: 'file', mode: '0644', uid: 0, gid: 0, owner: 'root', group: 'root', size: 0, acl: false, mountpoint: false,
  readable: true,
}; // biome-ignore format: a table
const directory: Entry = { ...entry, type: 'directory', mode: '0755' };
const self = { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/sh' };

/** What a module makes of a file's content, decided twice: the second time there must be nothing left to do. */
export function edited(module: Module, args: JsonObject, before: string | Buffer | undefined): Outcome {
  const full = withDefaults(module.schema, { path: '/f', ...args });
  const bytes = typeof before === 'string' ? Buffer.from(before) : before;
  const decision = decide(module, full, bytes);
  if (decision.failed !== undefined) return { failed: decision.failed, changed: false };
  const [change] = decision.changes;
  const after = change === undefined ? bytes : predicted(change.predicts ?? []);
  if (change !== undefined) expect(decide(module, full, after)).toMatchObject({ changes: [] });
  return {
    changed: change !== undefined,
    ...(after === undefined ? {} : { text: after.toString('utf8') }),
    ...(change === undefined ? {} : { title: change.title }),
    ...(decision.message === undefined ? {} : { message: decision.message }),
  };
}

/** Arguments with the defaults of the module's schema. */
export function complete(module: Module, args: JsonObject): JsonObject {
  return withDefaults<JsonObject & Json>(module.schema, args);
}

function decide(module: Module, args: JsonObject, bytes: Buffer | undefined): Decision {
  const sha256 = bytes && createHash('sha256').update(bytes).digest('hex');
  const there = bytes && { at0: { ...entry, size: bytes.length, sha256 }, content: { bytes, sha256 } };
  const answers: unknown = { parent: directory, self, ...there };
  return module.plan(args, answers as Answers<Reads>, inputOf());
}

function predicted(predicts: readonly { question: { probe: { name: string } }; state: object }[]): Buffer | undefined {
  const state = predicts.find(({ question }) => question.probe.name === 'content')?.state as
    | { value?: FileContent }
    | undefined;
  return state?.value?.bytes;
}
