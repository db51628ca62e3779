import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/flags.ts';
import { parse } from '../../src/cli/parse.ts';
import { plainOptions } from '../../src/cli/plain-line.ts';
import { HealError } from '../../src/core/errors.ts';
import fc from '../samples.ts';

/** What a reader of command lines says, an error included. */
function said(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof HealError) return error.message;
    throw error;
  }
}

describe('a command line that is written plainly', () => {
  test.each([
    'run site',
    'run site --limit jack4 -i a -i b',
    'run site -i=inventory',
    'run -e a=b -e {"c":1} --tags=x,y site --check -D',
    'run site -vv -v --output json',
    'plan site --forks 3 --forks 4',
    'vars jack4 port -p tagged',
    'ping',
    'hosts vps -o json',
    'drill site -y',
  ])('heal %s', (line) => {
    const args = line.split(' ');
    const plain = plainOptions(args);
    if (line.includes('-i=')) expect(plain).toBeUndefined();
    else expect({ kind: 'command', options: plain }).toEqual(parse(args, 80));
  });

  test.each([
    '',
    '--help',
    'help run',
    'run',
    'run --help',
    'run site --version',
    'run site extra',
    'run site --nosuch',
    'run site --limit',
    'run site --limit -x',
    'run site --check=false',
    'run site --check false',
    'run site -CD',
    'run site -- x',
    'nosuch site',
    '--check run site',
  ])('is not: heal %s', (line) => {
    expect(plainOptions(line === '' ? [] : line.split(' '))).toBeUndefined();
  });

  test('means the same to yargs', () => {
    const word = fc.constantFrom(
      'site',
      'a b',
      'x=1',
      '007',
      '1e3',
      'true',
      '"q"',
      "it's",
      'a.b',
      '[1]',
      '',
      '-',
      '@f',
    );
    const line = fc.constantFrom(...commands).chain((command) => {
      const name = fc.constantFrom(...command.flags).chain((flag) => {
        const names = fc.constantFrom(`--${flag.name}`, `-${flag.alias ?? flag.name}`);
        const takes = flag.kind === 'text' || flag.kind === 'list';
        return fc.oneof(
          { weight: 5, arbitrary: takes ? fc.tuple(names, word) : fc.tuple(names) },
          { weight: 1, arbitrary: fc.tuple(names, word).map((parts) => [parts.join('=')]) },
        );
      });
      const rest = fc.array(fc.oneof({ weight: 3, arbitrary: name }, { weight: 1, arbitrary: fc.tuple(word) }), {
        maxLength: 4,
      });
      return fc.tuple(fc.constant([command.name, 'site']), rest).map((parts) => parts.flat(2));
    });
    fc.assert(
      fc.property(line, (args) => {
        const plain = said(() => plainOptions(args));
        if (plain === undefined) return;
        const whole = said(() => parse(args, 80));
        expect(typeof plain === 'string' ? plain : { kind: 'command', options: plain }).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});
