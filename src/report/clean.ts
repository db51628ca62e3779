import type { Mask } from '../core/secret.ts';
import { oneLine, stripControl } from './strip-control.ts';

/** Makes what comes from outside fit to be shown: no control characters, no secrets. */
export interface Clean {
  /** Keeps lines and tabs. */
  readonly text: (text: string) => string;
  /** Folds it into one line. */
  readonly line: (text: string) => string;
}

/**
 * Strips first and masks then: a secret with an escape sequence in its middle must not slip through. Whoever cuts a
 * text does so after this, or half a secret would no longer be known as one.
 */
export function cleaner(mask: Mask): Clean {
  return {
    text: (text) => mask(stripControl(text)),
    // Masked before its lines are folded as well: a secret of several lines is known by its line ends.
    line: (text) => mask(oneLine(mask(stripControl(text)))),
  };
}
