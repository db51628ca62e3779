import { describe, expect, test } from 'vitest';
import { keptBy, type Retention } from '../../src/backups/retention.ts';

const none: Retention = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0 };
const times = (...texts: string[]): Date[] => texts.map((text) => new Date(`${text}:00Z`));
const kept = (created: Date[], retention: Partial<Retention>): string[] =>
  [...keptBy(created, { ...none, ...retention })].map((time) => time.toISOString().slice(0, 16)).sort();

describe('a retention keeps', () => {
  const some = times(
    '2026-11-30T10:00',
    '2026-11-29T23:59',
    '2026-11-29T00:00',
    '2026-11-23T08:00',
    '2026-10-31T12:00',
  );

  test('the newest backup in any case', () => {
    expect(kept(some, {})).toEqual(['2026-11-30T10:00']);
    expect(kept([], { last: 3 })).toEqual([]);
  });

  test('that number of the last backups', () => {
    expect(kept(some, { last: 2 })).toEqual(['2026-11-29T23:59', '2026-11-30T10:00']);
    expect(kept(some, { last: 9 }).length).toBe(5);
  });

  test('the newest of each day that has one', () => {
    expect(kept(some, { daily: 2 })).toEqual(['2026-11-29T23:59', '2026-11-30T10:00']);
    expect(kept(some, { daily: 3 })).toEqual(['2026-11-23T08:00', '2026-11-29T23:59', '2026-11-30T10:00']);
  });

  test('the newest of each week, which begins on Monday, and of each month, in UTC', () => {
    // 2026-11-30 is a Monday; 2026-11-23 to 29 are the week before.
    expect(kept(some, { weekly: 2 })).toEqual(['2026-11-29T23:59', '2026-11-30T10:00']);
    expect(kept(some, { monthly: 2 })).toEqual(['2026-10-31T12:00', '2026-11-30T10:00']);
  });

  test('the newest of each hour', () => {
    const hours = times('2026-11-30T10:59', '2026-11-30T10:00', '2026-11-30T09:30', '2026-11-30T08:30');
    expect(kept(hours, { hourly: 2 })).toEqual(['2026-11-30T09:30', '2026-11-30T10:59']);
  });

  test('every backup that one of its parts keeps', () => {
    expect(kept(some, { daily: 1, monthly: 2 })).toEqual(['2026-10-31T12:00', '2026-11-30T10:00']);
  });
});
