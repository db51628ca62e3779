import { expect, test } from 'vitest';
import { plainReporter } from '../../src/report/plain.ts';
import { look } from '../report/look.ts';
import { done } from '../report/sample-run.ts';

/** What is said of a task that failed with this on stdout. */
function told(stdout: string, verbose = 0): string {
  let text = '';
  const reporter = plainReporter(look({ verbose }), (more) => {
    text += more;
  });
  reporter.emit(done('It', { status: 'failed', message: 'it failed', output: { code: 1, stdout } }));
  return text;
}

test('of a million lines the last ones are shown, all of them at -v', () => {
  const text = told('line\n'.repeat(1_000_000));
  expect(text).toContain('(999960 lines before; -v shows all)\n');
  expect(text.split('\n').length).toBeLessThan(60);
  expect(told('line\n'.repeat(1_000_000), 1).split('\n').length).toBeGreaterThan(1_000_000);
});

test('of a line without an end the beginning is shown, all of it at -v', () => {
  const line = 'x'.repeat(1_000_000);
  expect(told(line)).toContain(`${'x'.repeat(1000)} (999000 more characters; -v shows all)\n`);
  expect(told(line).length).toBeLessThan(2000);
  expect(told(line, 1)).toContain(line);
});

test('a cut never splits a character', () => {
  expect(told(`${'x'.repeat(999)}${'😀'.repeat(10)}`)).toContain(`${'x'.repeat(999)} (19 more characters`);
});
