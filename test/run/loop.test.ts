import { describe, expect, it } from 'vitest';
import { constant } from './made.ts';
import { ranOn, run, task } from './several-made-hosts.ts';

describe('a loop', () => {
  it('runs the other items although one fails, and fails then', async () => {
    const loop = constant(['x', 'y', 'z']);
    const { ran, report } = await run(1, {}, [task('a', ['h1'], { loop }), task('b', [])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h1', 'h1']);
    expect(ranOn(ran, 'b')).toEqual([]);
    expect(report['h1']).toMatchObject({ ok: 0, failed: 1 });
  });

  it('over nothing is skipped', async () => {
    const { ran } = await run(1, {}, [task('a', [], { loop: constant([]) }), task('b', [])]);
    expect(ran).toEqual(['h1 a skipped', 'h1 b changed']);
  });
});
