import { describe, expect, test } from 'vitest';
import { picture, shortened } from './picture.ts';
import { steps } from './steps.ts';

const recap = (counts: string): string => `PLAY RECAP ***\njack4      : ${counts}    skipped=0\n`;
const [status, plan, , again, after, drill] = steps;

describe('the demo checks the result of a command', () => {
  test.each([
    ['a plan with something to do', plan, 0, recap('ok=4 changed=2 unreachable=0 failed=0'), undefined],
    ['a plan with nothing to do', plan, 0, recap('ok=4 changed=0 unreachable=0 failed=0'), 'said changed=0, but'],
    ['a second run that changes nothing', again, 0, recap('ok=4 changed=0 unreachable=0 failed=0'), undefined],
    ['a second run that changes something', again, 0, recap('ok=4 changed=1 unreachable=0 failed=0'), 'said changed=1'],
    ['a failed task', again, 2, recap('ok=4 changed=0 unreachable=0 failed=1'), 'ended with 2, not 0'],
    ['a score before', status, 0, 'jack4  2/10\n', undefined],
    ['a score that is too good', status, 0, 'jack4  8/10\n', 'said 8/10, not 3 or less'],
    ['no score', after, 0, 'jack4\n', 'printed no score card'],
    ['a score after', after, 0, 'jack4  9/10\n', undefined],
    ['no recap', again, 0, 'nothing', 'printed no recap of jack4'],
    ['a drill that measured nothing', drill, 0, recap('ok=1 changed=1 unreachable=0 failed=0'), 'measured no time'],
    [
      'a drill with its time',
      drill,
      0,
      `    + Jack answers  after 6.2 s\n    + The flag was acted on  after 1.9 s\n    + John's container runs again  after 90 ms\n    + Ross can read the directories again  after 1.0 s\n${recap('ok=1 changed=1 unreachable=0 failed=0')}`,
      undefined,
    ],
  ])('%s', (_title, step, code, text, wrong) => {
    const said = step?.wrong({ code, text });
    if (wrong === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(wrong);
  });
});

describe('a picture of what a terminal showed', () => {
  test('omits the middle of a long output', () => {
    const lines = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name}${n}`);
    const text = ['\x1b[36m# one', ...lines('a', 40), '# two', ...lines('b', 31)].join('\n');
    expect(shortened(text).split('\n')).toEqual([
      '\x1b[36m# one',
      ...lines('a', 19),
      '      ... 9 lines',
      ...lines('a', 40).slice(-12),
      '# two',
      ...lines('b', 31),
    ]);
  });

  test('has its colours and texts, and nothing that would be read as markup', () => {
    const svg = picture('\x1b[1m$ heal\x1b[0m\n\x1b[32m+<a> & b\x1b[39m plain');
    expect(svg).toContain('font-weight="bold">$ heal<');
    expect(svg).toContain('fill="#93cf74">+&lt;a&gt; &amp; b<');
    expect(svg).toContain('> plain<');
    expect(svg).not.toContain('\x1b');
  });

  test('wraps lines that are longer than it is wide', () => {
    expect(picture('x'.repeat(300)).match(/<text /g)).toHaveLength(3);
  });

  test('rejects sequences that move the cursor', () => {
    expect(() => picture('a\x1b[2Kb')).toThrow('a picture has no place for');
  });
});
