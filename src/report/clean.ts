import type { Mask } from '../core/secret.ts';
import { oneLine, stripControl } from './strip-control.ts';

/** Prepares data from outside for display: no control characters, no secrets. */
export interface Clean {
  /** Keeps lines and tabs. */
  readonly text: (text: string) => string;
  /** Folds it into one line. */
  readonly line: (text: string) => string;
}

/**
 * Strips first and masks then: a secret with an escape sequence in its middle must be found. Code that cuts a
 * string must do so after this, because half a secret would not be recognized.
 */
export function cleaner(mask: Mask): Clean {
  return {
    text: (text) => mask(stripControl(text)),
    // Also masked before its lines are folded: a secret of several lines is recognized with its line ends.
    line: (text) => mask(oneLine(mask(stripControl(text)))),
  };
}
