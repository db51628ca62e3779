import { describe, expect, it } from 'vitest';
import { predicts } from '../../src/core/change.ts';
import { absent, present } from '../../src/core/state.ts';
import { entry } from '../../src/probes/entry.ts';
import { stateCache } from '../../src/run/host/state-cache.ts';

const a = entry('/a');
const b = entry('/b');

describe('the answers of a host', () => {
  it('are returned while no change may have altered them', () => {
    const cache = stateCache();
    cache.put(a, absent);
    cache.attempt(['path:/b']);
    expect(cache.fresh(a)).toEqual(absent);
  });

  it('are not returned after a change that touches them, only for guesses', () => {
    const cache = stateCache();
    cache.put(a, absent);
    cache.attempt(['tree:/']);
    expect(cache.fresh(a)).toBeUndefined();
    expect(cache.last(a)).toEqual(absent);
    cache.put(a, present('new'));
    expect(cache.fresh(a)).toEqual(present('new'));
  });

  it('of a plan are what a change predicts', () => {
    const cache = stateCache();
    cache.put(a, absent);
    cache.predict('make /a', ['path:/a'], [predicts(a, present({} as never))]);
    expect(cache.fresh(a)).toEqual(present({}));
  });

  it('of a plan are unknown if a change touches them and does not predict them', () => {
    const cache = stateCache();
    cache.put(a, absent);
    cache.put(b, absent);
    cache.predict('do something', ['everything'], [predicts(b, present({} as never))]);
    expect(cache.fresh(a)).toEqual({ kind: 'unknown', why: 'known after apply: depends on "do something"' });
    expect(cache.fresh(b)).toEqual(present({}));
  });

  it('that are read after an applied change are returned, also if an earlier change is only planned', () => {
    const cache = stateCache();
    cache.predict('make /a', ['path:/a'], [predicts(a, present({} as never))]);
    cache.attempt(['tree:/']);
    expect(cache.fresh(b)).toBeUndefined();
    cache.put(b, present('new'));
    cache.put(a, absent);
    expect(cache.fresh(b)).toEqual(present('new'));
    expect(cache.fresh(a)).toEqual(present({}));
  });

  it('of a plan describe the host before it, whenever they were asked', () => {
    const cache = stateCache();
    cache.predict('remove all', ['everything'], []);
    cache.put(a, present({} as never));
    expect(cache.fresh(a)).toMatchObject({ kind: 'unknown' });
  });
});
