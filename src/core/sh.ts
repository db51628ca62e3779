/**
 * Shell text that is safe to run: it can only be made by the `sh` template of src/shell, which quotes what it is
 * given. `reveal` gives the text to the Connection; everybody else sees it with its secrets masked.
 */
export interface Sh {
  readonly kind: 'sh';
  /** The text with secrets in it. Never print it. */
  readonly text: string;
  /** The text as it may be shown. */
  readonly shown: string;
}
