import { describe, expect, it } from 'vitest';
import { ranOn, run, task } from './several-made-hosts.ts';

describe('batches', () => {
  it('continue while no more hosts fail than max_fail_percentage allows', async () => {
    const { ran } = await run(6, { serial: [2], maxFailPercentage: 50 }, [task('a', ['h1'])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
  });

  it('stop if more hosts fail', async () => {
    const { ran, report } = await run(6, { serial: [2], maxFailPercentage: 49 }, [task('a', ['h3'])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2', 'h3', 'h4']);
    expect(report['h5']).toMatchObject({ ok: 0, failed: 0 });
  });

  it('stop if no host of a batch is left', async () => {
    const { ran } = await run(4, { serial: [2] }, [task('a', ['h1', 'h2'])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2']);
  });

  it('end on all hosts at the first failure with any_errors_fatal', async () => {
    const { ran } = await run(4, { serial: [1], anyErrorsFatal: true }, [task('a', ['h2']), task('b', [])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2']);
    expect(ranOn(ran, 'b')).toEqual(['h1']);
  });
});

describe('run_once', () => {
  it('runs a task on one host for all hosts of its batch, and all have the result', async () => {
    const { ran, report } = await run(3, {}, [task('a', [], { runOnce: true, register: 'r' }), task('b', [])]);
    expect(ranOn(ran, 'a')).toHaveLength(1);
    expect(ranOn(ran, 'b')).toEqual(['h1', 'h2', 'h3']);
    expect(Object.values(report).map((counts) => counts.failed)).toEqual([0, 0, 0]);
  });

  it('fails on all hosts of the batch if it fails', async () => {
    const { ran } = await run(3, {}, [task('a', ['h1', 'h2', 'h3'], { runOnce: true }), task('b', [])]);
    expect(ranOn(ran, 'a')).toHaveLength(1);
    expect(ranOn(ran, 'b')).toEqual([]);
  });
});
