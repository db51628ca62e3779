import { describe, expect, it } from 'vitest';
import { command } from '../../src/probes/command.ts';
import { entry } from '../../src/probes/entry.ts';
import { http } from '../../src/probes/http.ts';
import { unit } from '../../src/probes/unit.ts';
import { groupQuestions, parallelGroups } from '../../src/run/host/parallel-groups.ts';

describe('questions', () => {
  it('of one kind are asked together, each only once', () => {
    const groups = groupQuestions([entry('/a'), entry('/b'), entry('/a'), unit('x', { scope: 'system' })]);
    expect(groups.map((group) => [group.probe.name, group.items.length])).toEqual([
      ['entry', 2],
      ['unit', 1],
    ]);
  });

  it('of other users and environments are asked separately', () => {
    const groups = groupQuestions([
      entry('/a'),
      entry('/a', {}, { user: 'nobody' }),
      entry('/a', {}, { environment: { X: '1' } }),
      entry('/a', {}, { environment: { X: '2' } }),
    ]);
    expect(groups).toHaveLength(4);
  });

  it('that are commands are asked separately', () => {
    expect(groupQuestions([command({ shell: 'a' }), command({ shell: 'b' })])).toHaveLength(2);
  });

  it('asked together have ten seconds at most; alone, all that their probe allows', () => {
    const together = groupQuestions([entry('/a', { hash: true }), entry('/b', { hash: true })]);
    const alone = groupQuestions([entry('/a', { hash: true })]);
    expect(together[0]?.deadline).toBe(10);
    expect(alone[0]?.deadline).toBeGreaterThan(10);
  });
});

describe('parallel groups', () => {
  it('are four at most, and expensive groups run in parallel', () => {
    const commands = Array.from({ length: 9 }, (_, n) => command({ shell: `echo ${n}` }));
    const made = parallelGroups(groupQuestions(commands));
    expect(made.map((one) => one.length).sort()).toEqual([2, 2, 2, 3]);
  });

  it('are a single one if no question is expensive', () => {
    expect(parallelGroups(groupQuestions([entry('/a'), entry('/b', {}, { user: 'x' })]))).toHaveLength(1);
  });

  it('contain every group exactly once', () => {
    const request = {
      url: 'http://127.0.0.1/',
      method: 'GET' as const,
      timeout: 1,
      followRedirects: false,
      validateCerts: true,
    };
    const groups = groupQuestions([
      entry('/a'),
      unit('x', { scope: 'system' }),
      http(request),
      command({ shell: 'a' }),
    ]);
    expect(
      parallelGroups(groups)
        .flat()
        .map((group) => group.id)
        .sort(),
    ).toEqual(groups.map((group) => group.id).sort());
  });
});
