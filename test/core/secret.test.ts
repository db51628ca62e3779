import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { masker, Secret } from '../../src/core/secret.ts';

describe('a secret', () => {
  const secret = new Secret('s3cr&t "word"');

  it('is printed as stars in every way of printing', () => {
    expect(`${secret}`).toBe('***');
    expect(JSON.stringify({ secret })).toBe('{"secret":"***"}');
    expect(inspect({ secret })).toBe('{ secret: *** }');
    expect(secret.reveal()).toBe('s3cr&t "word"');
  });

  const value = secret.reveal();
  it.each([
    ['plain', value],
    ['base64', Buffer.from(value).toString('base64')],
    ['URL-encoded', encodeURIComponent(value)],
    ['JSON-escaped', JSON.stringify(value).slice(1, -1)],
  ])('is masked where it stands %s', (_name, form) => {
    expect(masker([secret])(`a ${form} b`)).toBe('a *** b');
  });

  it('is masked line by line if it has several lines', () => {
    const key = new Secret('-----BEGIN-----\nabcdefgh12345678\n-----END-----\n');
    expect(masker([key])('got abcdefgh12345678 here')).toBe('got *** here');
  });

  it('that is too short is not masked everywhere', () => {
    expect(masker([new Secret('a')])('banana')).toBe('banana');
  });
});
