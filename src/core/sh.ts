/**
 * Shell text that is safe to run: only the `sh` template of src/shell, which quotes its values, can create
 * it. `reveal` gives the text to the Connection; all other code sees it with its secrets masked.
 */
export interface Sh {
  readonly kind: 'sh';
  /** The text including its secrets. Never print it. */
  readonly text: string;
  /** The text with masked secrets, for output. */
  readonly shown: string;
}
