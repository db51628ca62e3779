import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { Language, type Node, Parser } from 'web-tree-sitter';
import { runSync } from '../child.ts';
import { asset } from '../lab/places.ts';
import { directoryWith } from './built.ts';

const script = asset('..', '..', 'bin', 'backup.ps1');
const grammar = fileURLToPath(import.meta.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm'));

/** PowerShell itself cannot be installed here, so a parser of its language reads the script. */
describe('bin/backup.ps1', () => {
  let parser: Parser;
  let program: Node;
  const parsed = (text: string): Node => {
    const tree = parser.parse(text);
    if (tree === null) throw new Error('the parser has no language');
    return tree.rootNode;
  };
  const all = (type: string): string[] => program.descendantsOfType(type).map((node) => node?.text ?? '');

  beforeAll(async () => {
    await Parser.init();
    parser = new Parser();
    parser.setLanguage(await Language.load(grammar));
    program = parsed(readFileSync(script, 'utf8'));
  });

  test('is PowerShell, and the parser notices what is not', () => {
    expect(program.hasError).toBe(false);
    expect(parsed('param([string]$Target,)').hasError).toBe(true);
    expect(parsed('& node $heal |').hasError).toBe(true);
  });

  test('has the parameter -Target of the script that it replaces, and passes further options on', () => {
    const [target = '', options = '', ...more] = all('script_parameter');
    expect(target).toMatch(/Mandatory = \$true, Position = 0[\s\S]*\[string\]\$Target$/);
    expect(options).toMatch(/ValueFromRemainingArguments = \$true[\s\S]*\[string\[\]\]\$Options = @\(\)$/);
    expect(more).toEqual([]);
  });

  test('accepts the names of hosts, and nothing that PowerShell or heal would read as something else', () => {
    const pattern = /ValidatePattern\('(.*)'\)/.exec(all('script_parameter')[0] ?? '')?.[1] ?? '';
    for (const name of ['jack4', 'vps-1.example.com', '203.0.113.4']) expect(name).toMatch(new RegExp(pattern));
    for (const name of ['', '-v', 'a b', 'a,b', '@file', 'a;b', '$x', '*'])
      expect(name).not.toMatch(new RegExp(pattern));
  });

  test('runs heal run backup --limit TARGET next to it, and ends with its exit code', () => {
    expect(all('pipeline').map((text) => text.trim())).toEqual([
      "$heal = Join-Path $PSScriptRoot 'heal.js'",
      "Join-Path $PSScriptRoot 'heal.js'",
      '& node $heal run backup --limit $Target @Options',
      '$LASTEXITCODE',
    ]);
    expect(all('flow_control_statement')).toEqual(['exit $LASTEXITCODE']);
  });

  test('the command that it runs is one that heal accepts', () => {
    const project = directoryWith({ 'inventory/hosts.yml': 'vps:\n  hosts:\n    jack4:\n    jack5:\n' });
    const words: Readonly<Record<string, readonly string[]>> = {
      $heal: [join(script, '..', 'heal.js')],
      $Target: ['jack4'],
      '@Options': ['--list-hosts'],
    };
    const [, , line = ''] = all('pipeline');
    const [program, ...args] = line.replace(/^& /, '').split(' ');
    const given = args.flatMap((word) => words[word] ?? [word]);
    const printed = runSync(program ?? '', given, { cwd: project, env: { ...process.env, HOME: project } });
    expect(printed).toMatch(/^ +jack4$/m);
    expect(printed).not.toContain('jack5');
  });
});
