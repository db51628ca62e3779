import { describe, expect, test } from 'vitest';
import type { Connection } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import type { Question } from '../../src/core/probe.ts';
import { modules } from '../../src/modules/registry.ts';
import { checkArgs } from '../../src/project/schema/module-args.ts';
import { exchange } from '../../src/run/host/exchange.ts';
import { frameParser } from '../../src/shell/frames.ts';
import { joinSh, sh } from '../../src/shell/sh.ts';
import { attemptSync } from '../child.ts';
import { inputOf, shells } from '../modules/on-this-machine.ts';

/** Inputs for each probe and for the frame reader. All of them: HEAL_FUZZ=10000. */
const count = Number(process.env['HEAL_FUZZ'] ?? 200);
/** The first of the seeds; an error names its own. */
const firstSeed = Number(process.env['HEAL_SEED'] ?? Date.now() % 1_000_000);

const nonce = 'f00dfacef00dfacef00dfacef00dface';

/** Numbers from 0 up to but not including 1, the same ones for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const odd = [
  '',
  '\0',
  '\n',
  '-1',
  '99999999999999999999',
  'null',
  '{}',
  '[]',
  '"',
  '\\',
  '\x1b[2J',
  '\xff\xfe',
  ' ',
  '=',
  ':',
  'NaN',
  '/',
];

/** Changes some bytes, words or lines of what a host sent. */
function spoiled(bytes: Buffer, next: () => number): Buffer {
  const below = (n: number): number => Math.floor(next() * n);
  let text = bytes.toString('latin1');
  for (let turn = 1 + below(4); turn > 0; turn -= 1) {
    const at = below(text.length + 1);
    const to = Math.min(text.length, at + 1 + below(20));
    const word = odd[below(odd.length)] ?? '';
    const lines = text.split('\n');
    const line = below(lines.length);
    switch (below(6)) {
      case 0:
        text = text.slice(0, at);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(to);
        break;
      case 2:
        text = text.slice(0, at) + word + text.slice(to);
        break;
      case 3:
        text = lines.filter((_, i) => i !== line).join('\n');
        break;
      case 4:
        text = lines.flatMap((one, i) => (i === line ? [one, one] : [one])).join('\n');
        break;
      default:
        text = text.replace(/\w+/g, (found) => (next() < 0.1 ? word : found));
    }
  }
  return Buffer.from(text, 'latin1');
}

/** One question for each probe: the first that the examples of the modules ask. */
async function questionsByProbe(): Promise<ReadonlyMap<string, Question<unknown>>> {
  const found = new Map<string, Question<unknown>>();
  const at = { file: 'example', line: 1, column: 1 };
  for (const module of new Set(modules.values())) {
    for (const example of module.examples) {
      const given = typeof example.args === 'object' ? example.args : { [module.shorthand ?? '']: example.args };
      const args = (await checkArgs(module, given as JsonObject, {}, at)) as JsonObject;
      for (const question of readsOf(module, args))
        found.set(question.probe.name, found.get(question.probe.name) ?? question);
    }
  }
  return found;
}

function readsOf(module: Module, args: JsonObject): Question<unknown>[] {
  try {
    return Object.values(module.reads(args, () => undefined, inputOf())).filter((one) => one !== undefined);
  } catch {
    // It wants a file of the project, or the item of a loop.
    return [];
  }
}

/** What this machine answers, as the group that `exchange` makes of one question. */
function answerTo({ probe, params }: Question<unknown>): Buffer {
  const items = [{ id: 'i0x0', params: params as never }];
  const script = joinSh([sh`{ N=${nonce}; LC_ALL=C; export LC_ALL`, probe.ask(items), sh`} </dev/null`], '\n');
  return attemptSync('timeout', ['-s', 'KILL', '5', shells()[0]?.sh ?? 'sh', '-s'], { input: script.text }).stdout;
}

/** A host that answers every program with this output of its first group. */
function hostThatSays(output: Buffer, code: number): Connection {
  const head = `\n${nonce} group g0\n`;
  const body = Buffer.concat([Buffer.from(head), output, Buffer.from(`\n${nonce} done g0 ${code}\n`)]);
  return {
    host: 'h',
    roundTrips: 0,
    run: async (_program, onFrame) => onFrame({ kind: 'answers', id: '-', words: ['0'], body }),
    load: () => undefined,
    channel: () => Promise.reject(new Error('no channel')),
    close: async () => undefined,
  };
}

const questions = await questionsByProbe();
const never = new AbortController().signal;

describe('whatever a host sends', () => {
  test.each([...questions])('each question of the %s probe has a state', async (_name, question) => {
    const answer = answerTo(question);
    const kinds = new Set(['present', 'absent', 'denied', 'unavailable', 'timeout']);
    for (let n = 0; n < count; n += 1) {
      const seed = firstSeed + n;
      const output = spoiled(answer, random(seed));
      const { answers } = await exchange(hostThatSays(output, n % 3), { acts: [] }, [question], never).catch(
        (error) => {
          throw new Error(`HEAL_SEED=${seed}: ${error}`);
        },
      );
      expect(kinds, `HEAL_SEED=${seed}`).toContain(answers.get(question)?.kind);
    }
  });

  test('the frame reader gives frames, or an error of that host', () => {
    const stream = Buffer.from(
      `hello\n\n${nonce} pid 17 0\n\n${nonce} facts - 5\na=b\n\n\n${nonce} act a0 0 whole 0\n\n${nonce} end - 0 0\n`,
    );
    for (let n = 0; n < count; n += 1) {
      const seed = firstSeed + n;
      const next = random(seed);
      const bytes = spoiled(stream, next);
      const parser = frameParser(nonce);
      const cut = Math.floor(next() * bytes.length);
      try {
        for (const frame of [...parser.feed(bytes.subarray(0, cut)), ...parser.feed(bytes.subarray(cut))]) {
          expect(frame.body.length, `HEAL_SEED=${seed}`).toBeLessThanOrEqual(bytes.length);
        }
      } catch (error) {
        expect(error, `HEAL_SEED=${seed}`).toBeInstanceOf(HealError);
      }
    }
  });
});
