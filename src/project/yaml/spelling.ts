/** The candidate that `word` is most likely a misspelling of, if any is similar enough. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  // A third of the letters may be wrong: "notfy" is "notify", but "abc" is not "xyz".
  let limit = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate === word) continue;
    // Words that start alike may differ more at the end: "childs" is "children".
    const alike = lower.slice(0, 4) === candidate.toLowerCase().slice(0, 4) && word.length > 4 ? 1 : 0;
    const distance = editDistance(lower, candidate.toLowerCase(), limit + alike) - alike;
    if (distance < limit) {
      best = candidate;
      limit = distance;
    }
  }
  return best;
}

/** `did you mean "notify"?`, or `otherwise`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise?: string): string | undefined {
  const near = closest(word, candidates);
  return near === undefined ? otherwise : `did you mean "${near}"?`;
}

/** Names for a sentence: `a, b and c`; at most `most` of them are shown. */
export function listed(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most);
  if (names.length > most) return `${shown.join(', ')} and ${names.length - most} more`;
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words; stops counting at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let last: number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? limit;
}
