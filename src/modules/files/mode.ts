/** Five digits: with fewer GNU chmod keeps a directory's setuid and setgid bits, and busybox does not. */
export function octalWord(mode: string): string {
  return `0${fourDigits(mode)}`;
}

/** A mode for chmod that does not change the group's bits: on a path with an ACL they are the mask. */
export function symbolicMode(mode: string): string {
  const [special = '0', owner = '0', , other = '0'] = fourDigits(mode);
  const sign = (bit: number): string => ((Number(special) & bit) === 0 ? '-' : '+');
  return `u=${letters(owner)},o=${letters(other)},u${sign(4)}s,g${sign(2)}s,${sign(1)}t`;
}

/** '755' as '0755'. */
export function fourDigits(mode: string): string {
  return mode.padStart(4, '0').slice(-4);
}

function letters(digit: string): string {
  const bits = Number(digit);
  return `${bits & 4 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 1 ? 'x' : ''}`;
}
