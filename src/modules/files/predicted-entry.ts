import { type Prediction, predicts } from '../../core/change.ts';
import type { Account } from '../../core/probe.ts';
import { absent, present } from '../../core/state.ts';
import { content } from '../../probes/content.ts';
import { type Entry, entry } from '../../probes/entry.ts';

/**
 * The predicted answers to all questions about a path's entry: with and without its hash. The hash of a regular file is included
 * only if it is known.
 */
export function predictEntry(path: string, next: Entry, account: Account): Prediction[] {
  const { sha256, readable: _readable, ...unhashed } = next;
  const plain = predicts(entry(path, {}, account), present(unhashed));
  if (next.type !== 'file') return [plain, predicts(entry(path, { hash: true }, account), present(unhashed))];
  if (sha256 === undefined) return [plain];
  return [plain, predicts(entry(path, { hash: true }, account), present({ ...unhashed, sha256, readable: true }))];
}

/** The predicted answers to all questions about a path after its removal. */
export function predictAbsent(path: string, account: Account): Prediction[] {
  return [
    predicts(entry(path, {}, account), absent),
    predicts(entry(path, { hash: true }, account), absent),
    predicts(content(path, account), absent),
  ];
}
