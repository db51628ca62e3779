/** Location in the source: a file of the project and a position in it. */
export interface Place {
  /** Path as shown to the user: relative to the project if it is inside it. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** The line itself, without its end, so that an error can show it with a caret. */
  readonly text?: string;
}
