import { describe, expect, it } from 'vitest';
import { overlap, overlaps } from '../../src/core/scope.ts';

describe('scopes', () => {
  it.each([
    ['path:/a', 'path:/a', true],
    ['path:/a', 'path:/a/b', false],
    ['tree:/a', 'path:/a', true],
    ['tree:/a', 'path:/a/b/c', true],
    ['tree:/a', 'path:/ab', false],
    ['tree:/', 'path:/anything', true],
    ['tree:/a/b', 'tree:/a', true],
    ['files:/a', 'path:/a', true],
    ['files:/a', 'path:/a/b', true],
    ['files:/a', 'path:/a/b/c', false],
    ['files:/a', 'path:/ab', false],
    ['files:/a/b', 'tree:/a', true],
    ['files:/a', 'tree:/a/b', true],
    ['files:/a', 'tree:/a/b/c', false],
    ['files:/a', 'files:/a', true],
    ['files:/a', 'files:/a/b', false],
    ['files:/', 'path:/a', true],
    ['units:system', 'unit:system/x.service', true],
    ['units:user', 'unit:system/x.service', false],
    ['unit:system/x.service', 'unit:system/y.service', false],
    ['ports', 'ports', true],
    ['ports', 'processes', false],
    ['everything', 'path:/a', true],
    ['docker', 'everything', true],
  ])('%s and %s overlap: %s', (a, b, expected) => {
    expect(overlap(a, b)).toBe(expected);
    expect(overlap(b, a)).toBe(expected);
  });

  it('a change that touches nothing invalidates nothing', () => {
    expect(overlaps([], ['everything'])).toBe(false);
    expect(overlaps(['ports', 'path:/a'], ['path:/b', 'path:/a'])).toBe(true);
  });
});
