import { HealError } from '../core/errors.ts';

/**
 * One shell word with exactly this value. Always in single quotes, even if a bare word would be enough: a bare `2`
 * before `>` is a file descriptor, a bare `if` a keyword (POSIX.1-2017, Shell Command Language 2.2.2, 2.4, 2.7).
 *
 * @throws HealError if a shell word cannot contain it: a NUL byte, or half of a surrogate pair (it has no UTF-8 form).
 */
export function quote(text: string): string {
  if (text.includes('\0')) {
    throw new HealError('error', 'a value with a NUL byte cannot be given to a shell', {
      hint: 'send it as the content of a file',
    });
  }
  if (/\p{Surrogate}/u.test(text)) {
    throw new HealError('error', 'a value is not valid Unicode and cannot be given to a shell', {
      hint: 'it contains half of a surrogate pair: look where it was cut',
    });
  }
  return `'${text.replaceAll("'", "'\\''")}'`;
}
