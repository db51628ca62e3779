import { describe, expect, it } from 'vitest';
import { predicts } from '../../src/core/change.ts';
import { absent, present } from '../../src/core/state.ts';
import { entry } from '../../src/probes/entry.ts';
import { answerBook } from '../../src/run/answers.ts';

const a = entry('/a');
const b = entry('/b');

describe('the answers of a host', () => {
  it('are given out while no change may have altered them', () => {
    const book = answerBook();
    book.put(a, absent);
    book.attempt(['path:/b']);
    expect(book.fresh(a)).toEqual(absent);
  });

  it('are not given out after a change that touches them, only for guesses', () => {
    const book = answerBook();
    book.put(a, absent);
    book.attempt(['tree:/']);
    expect(book.fresh(a)).toBeUndefined();
    expect(book.last(a)).toEqual(absent);
    book.put(a, present('new'));
    expect(book.fresh(a)).toEqual(present('new'));
  });

  it('of a plan are what a change predicts', () => {
    const book = answerBook();
    book.put(a, absent);
    book.predict('make /a', ['path:/a'], [predicts(a, present({} as never))]);
    expect(book.fresh(a)).toEqual(present({}));
  });

  it('of a plan are unknown where a change touches them and does not predict them', () => {
    const book = answerBook();
    book.put(a, absent);
    book.put(b, absent);
    book.predict('do something', ['everything'], [predicts(b, present({} as never))]);
    expect(book.fresh(a)).toEqual({ kind: 'unknown', why: 'it depends on "do something"' });
    expect(book.fresh(b)).toEqual(present({}));
  });

  it('read after a change that was made are given out, also where another one before it is only planned', () => {
    const book = answerBook();
    book.predict('make /a', ['path:/a'], [predicts(a, present({} as never))]);
    book.attempt(['tree:/']);
    expect(book.fresh(b)).toBeUndefined();
    book.put(b, present('new'));
    book.put(a, absent);
    expect(book.fresh(b)).toEqual(present('new'));
    expect(book.fresh(a)).toEqual(present({}));
  });

  it('of a plan describe the host before it, whenever they were asked', () => {
    const book = answerBook();
    book.predict('remove all', ['everything'], []);
    book.put(a, present({} as never));
    expect(book.fresh(a)).toMatchObject({ kind: 'unknown' });
  });
});
