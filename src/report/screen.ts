/** A terminal whose lowest lines are redrawn repeatedly, and above which permanent lines can be printed. */
export interface Screen {
  /** The stream for the code that redraws. */
  readonly stream: NodeJS.WriteStream;
  /** Prints whole lines above the redrawn ones; they appear with the next redraw. */
  readonly above: (text: string) => void;
  /** Writes the waiting lines; nothing is redrawn any more. */
  readonly flush: () => void;
}

/** The start of a redraw: it erases the lines of the previous one, from the lowest up. */
const erasing = /^(?:\x1b\[2K(?:\x1b\[1A)?)*(?:\x1b\[G)?/;

// Between these two a terminal does not update its display, so that no half-drawn one is seen; terminals that don't know them
// ignore them (https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036).
const hold = '\x1b[?2026h';
const show = '\x1b[?2026l';

/**
 * A Screen on a terminal. Lines printed above are inserted between the erasing and the new lines, in one write:
 * clearing and drawing in separate writes would flicker.
 */
export function screenOn(terminal: NodeJS.WriteStream): Screen {
  let waiting = '';
  const write = (picture: string | Uint8Array): boolean => {
    const text = typeof picture === 'string' ? picture : Buffer.from(picture).toString('utf8');
    const erase = erasing.exec(text)?.[0] ?? '';
    const above = waiting;
    waiting = '';
    return terminal.write(`${hold}${erase}${above}${text.slice(erase.length)}${show}`);
  };
  const stream = new Proxy(terminal, {
    get: (target, name) => (name === 'write' ? write : Reflect.get(target, name, target)),
  });
  return {
    stream,
    above: (text) => {
      waiting += text;
    },
    flush: () => {
      if (waiting !== '') terminal.write(waiting);
      waiting = '';
    },
  };
}
