import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Play, Task } from '../../src/core/playbook.ts';
import { modules } from '../../src/modules/registry.ts';
import { digestOf, parseRecorded, sameOrigin } from '../../src/run/handlers/pending-handlers.ts';
import { batches } from '../../src/run/playbook/batches.ts';
import { constant, madeHost, madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

const handler = { project: 'p', play: 'x', role: '', handler: 'h', task: 't', digest: 'd' };

describe('a pending handler', () => {
  it.each([
    ['intended', `intended\n${JSON.stringify(handler)}\n`, { ...handler, status: 'intended' }],
    ['landed', `landed\n${JSON.stringify(handler)}\n`, { ...handler, status: 'landed' }],
    ['of a file that is cut off', 'landed\n{"project":"p"', undefined],
    ['of another shape', 'landed\n{"project":1}\n', undefined],
    ['of no known status', `done\n${JSON.stringify(handler)}\n`, undefined],
    ['of an empty file', '', undefined],
  ])('%s is read back', (_name, text, expected) => {
    expect(parseRecorded(text)).toEqual(expected);
  });

  it('belongs to its project and play', () => {
    expect(sameOrigin(handler, 'p', 'x')).toBe(true);
    expect(sameOrigin(handler, 'p', 'y')).toBe(false);
  });

  it('has a digest that does not depend on the order of keys', () => {
    expect(digestOf({ a: 1, b: { c: 2, d: 3 } })).toBe(digestOf({ b: { d: 3, c: 2 }, a: 1 }));
    expect(digestOf({ a: 1 })).not.toBe(digestOf({ a: 2 }));
  });
});

describe('a handler that a broken run has left pending', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-pending-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const at = (name: string): string => join(directory, name);
  const handler = (name: string, cmd: string): Task => madeTask('shell', { cmd }, { name: constant(name) });
  const log = (): string => (existsSync(at('log')) ? readFileSync(at('log'), 'utf8') : '');
  const start = async (play: Partial<Play> & Pick<Play, 'tasks'>) => {
    const shell = { command: ['sh'], path: process.env['PATH'] ?? '' } as const;
    return (await runMade(shell, madePlay(play.tasks, play), modules)).report['here'];
  };

  it('is run by the next run of its play, and not by that of another one with the same tasks', async () => {
    // The change is only intended: it fails when half of it is done.
    const half = madeTask('shell', { cmd: `: >'${at('f')}'; exit 1`, creates: at('f') }, { notify: [constant('h')] });
    const play = { tasks: [half], handlers: [handler('h', `echo handled >>'${at('log')}'`)] };
    expect(await start({ ...play, name: 'x' })).toMatchObject({ failed: 1 });
    expect(await start({ ...play, name: 'y' })).toMatchObject({ ok: 1, changed: 0, failed: 0 });
    expect(log()).toBe('');
    expect(await start({ ...play, name: 'x' })).toMatchObject({ ok: 2, changed: 1, failed: 0 });
    expect(log()).toBe('handled\n');
    expect(await start({ ...play, name: 'x' })).toMatchObject({ ok: 1, changed: 0, failed: 0 });
  });
});

describe('batches', () => {
  const hosts = Array.from({ length: 10 }, (_, n) => ({ ...madeHost, name: `h${n}` }));
  it.each([
    ['no serial', [], [10]],
    ['a count', [3], [3, 3, 3, 1]],
    ['a percentage', ['30%'], [3, 3, 3, 1]],
    ['a list, the last one again and again', [1, 2, '50%'], [1, 2, 5, 2]],
    ['a percentage of less than a host', ['1%'], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  ])('by %s', (_name, serial, sizes) => {
    expect(batches(hosts, serial).map((batch) => batch.length)).toEqual(sizes);
  });
});
