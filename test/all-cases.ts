const value = process.env['HEAL_TESTS'] ?? '';
if (value !== '' && value !== 'all') throw new Error(`HEAL_TESTS is "${value}": it is "all", or not set`);

/**
 * Whether cases that take long are defined too: `HEAL_TESTS=all`, which `npm run acceptance` sets. Without it the suite has one
 * case of each kind, most of them under dash. A case is defined or not, never
 * skipped, since a skipped case looks like one that passed.
 */
export const runsAllCases = value === 'all';
