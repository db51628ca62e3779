import { describe, expect, it } from 'vitest';
import type { Block, BlockPart, Task } from '../../src/core/playbook.ts';
import { flowOf } from '../../src/run/task-list/block-flow.ts';
import { constant, madeTask } from './made.ts';

const at = { file: 'made.yml', line: 1, column: 1 };
const outer: Block = { id: 'outer', at };
const inner: Block = { id: 'inner', at };

function task(name: string, ...blocks: BlockPart[]): Task {
  return madeTask('free', {}, { name: constant(name), blocks });
}

/** The tasks that run, by name, where those in `failing` fail. */
function ran(tasks: readonly Task[], failing: readonly string[]): { names: string[]; failed: boolean } {
  const flow = flowOf(tasks);
  const names: string[] = [];
  for (const one of tasks) {
    if (flow.skips(one)) continue;
    const name = String(one.name.source ?? nameOf(one));
    names.push(name);
    if (failing.includes(name)) flow.fail(one);
  }
  return { names, failed: flow.failed() };
}

function nameOf(one: Task): string {
  const name = one.name.evaluate({
    lookup: () => undefined,
    names: () => [],
    with: () => never(),
  });
  return name.kind === 'value' ? name.value : '';
}

function never(): never {
  throw new Error('not asked for');
}

const part = (block: Block, where: BlockPart['part']): BlockPart => ({
  block,
  part: where,
});
const simple = [
  task('before'),
  task('a', part(outer, 'block')),
  task('b', part(outer, 'block')),
  task('rescue', part(outer, 'rescue')),
  task('rescue2', part(outer, 'rescue')),
  task('always', part(outer, 'always')),
  task('after'),
];
const nested = [
  task('a', part(outer, 'block')),
  task('i1', part(outer, 'block'), part(inner, 'block')),
  task('i2', part(outer, 'block'), part(inner, 'block')),
  task('ia', part(outer, 'block'), part(inner, 'always')),
  task('ia2', part(outer, 'block'), part(inner, 'always')),
  task('b', part(outer, 'block')),
  task('rescue', part(outer, 'rescue')),
  task('always', part(outer, 'always')),
  task('after'),
];

describe('the flow through blocks', () => {
  it.each([
    ['nothing fails', simple, [], 'before a b always after', false],
    ['a failure is rescued', simple, ['a'], 'before a rescue rescue2 always after', false],
    ['a failed rescue leaves, after always', simple, ['a', 'rescue'], 'before a rescue always', true],
    ['a failed always leaves', simple, ['always'], 'before a b always', true],
    ['a failure outside of blocks leaves at once', simple, ['before'], 'before', true],
    ['a failure after a block', simple, ['after'], 'before a b always after', true],
    [
      'an inner failure runs the inner always, then the outer rescue',
      nested,
      ['i1'],
      'a i1 ia ia2 rescue always after',
      false,
    ],
    ['an inner always that fails is rescued outside', nested, ['ia'], 'a i1 i2 ia rescue always after', false],
    ['both fail', nested, ['i1', 'ia'], 'a i1 ia rescue always after', false],
    ['the outer block fails before the inner one is entered', nested, ['a'], 'a rescue always after', false],
  ])('%s', (_name, tasks, failing, names, failed) => {
    expect(ran(tasks, failing)).toEqual({ names: names.split(' '), failed });
  });
});
