import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');

/** What each directory may import besides itself; `*` is all. Types count: they tie files together all the same. */
const below: Readonly<Record<string, readonly string[]>> = {
  core: [],
  shell: ['core'],
  project: ['core'],
  probes: ['core', 'shell'],
  modules: ['core', 'shell', 'probes'],
  ssh: ['core', 'shell'],
  run: ['core', 'shell', 'project', 'probes', 'modules', 'backups'],
  secrets: ['core'],
  backups: ['core'],
  records: ['core'],
  report: ['core'],
  cli: ['*'],
};

interface File {
  /** Below src, with slashes. */
  readonly name: string;
  readonly directory: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** Every specifier of a file: imports, exports, `import()` of values and of types. */
function specifiers(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = code.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*(['"])([^'"\n]+)\1/g);
  return [...found].flatMap((match) => match[2] ?? []);
}

const files: readonly File[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.[cm]?tsx?$/.test(name))
  .map((name) => {
    const text = readFileSync(join(source, name), 'utf8');
    const slashed = name.split(sep).join('/');
    return { name: slashed, directory: slashed.split('/')[0] ?? '', text, imports: specifiers(text) };
  });

/** Path below src of what a relative specifier names; undefined for a package. */
function targetOf(file: File, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(source, resolve(source, dirname(file.name), specifier))
    .split(sep)
    .join('/');
}

describe('layers', () => {
  test('there are files to check', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(files.length);
  });

  test('every directory of src is known', () => {
    expect([...new Set(files.map((file) => file.directory))].filter((directory) => !(directory in below))).toEqual([]);
  });

  test('no import points up', () => {
    const wrong = files.flatMap((file) =>
      file.imports.flatMap((specifier) => {
        const target = targetOf(file, specifier);
        if (target === undefined) return [];
        const directory = target.split('/')[0] ?? '';
        const allowed = below[file.directory] ?? [];
        const fine =
          directory === file.directory || allowed.includes(directory) || (allowed.includes('*') && directory !== '..');
        return fine ? [] : [`src/${file.name} imports ${specifier}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('no imports are circular', () => {
    const next = new Map(
      files.map((file) => [file.name, file.imports.flatMap((specifier) => targetOf(file, specifier) ?? [])]),
    );
    const circles: string[] = [];
    const over = new Set<string>();
    const walk = (name: string, path: readonly string[]): void => {
      if (path.includes(name)) circles.push([...path.slice(path.indexOf(name)), name].join(' -> '));
      if (over.has(name) || path.includes(name)) return;
      for (const target of next.get(name) ?? []) walk(target, [...path, name]);
      over.add(name);
    };
    for (const file of files) walk(file.name, []);
    expect(circles).toEqual([]);
  });

  test('relative imports name a file that exists, with its ending', () => {
    const names = new Set(files.map((file) => file.name));
    const wrong = files.flatMap((file) =>
      file.imports.flatMap((specifier) => {
        const target = targetOf(file, specifier);
        if (target === undefined || names.has(target) || posix.extname(target) === '.json') return [];
        return [`src/${file.name} imports ${specifier}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('what belongs to only one directory', () => {
  test('only src/ssh imports ssh2 and node-ssh', () => {
    const wrong = files.flatMap((file) =>
      file.directory !== 'ssh' && file.imports.some((specifier) => /^(ssh2|node-ssh)(\/|$)/.test(specifier))
        ? [`src/${file.name}`]
        : [],
    );
    expect(wrong).toEqual([]);
  });

  test('only src/cli and src/report use the console and the process', async () => {
    const others = files.filter((file) => file.directory !== 'cli' && file.directory !== 'report');
    const wrong = await Promise.all(
      others.map(async (file) => {
        const imported = file.imports.some((name) => /^(node:)?(process|console)$/.test(name));
        return imported || (await usesGlobals(file.text)) ? [`src/${file.name}`] : [];
      }),
    );
    expect(wrong.flat()).toEqual([]);
  });

  test.each([
    ['process.env.HOME', true],
    ["console.log('x')", true],
    ['const { stdout } = process;', true],
    ['globalThis.process.exit()', true],
    ["sh`process.exit`; const text = 'console.log';", false],
    ['const process = 1; process + 1;', false],
    ['/* process.env */ ({ process: 1 }).process', false],
  ])('this is detected: %s (%s)', async (text, wanted) => {
    expect(await usesGlobals(text)).toBe(wanted);
  });
});

/** esbuild's `define` replaces a name only where it is the global one: not in texts, comments and local names. */
async function usesGlobals(text: string): Promise<boolean> {
  const mark = '__healGlobal__';
  const names = ['process', 'console'].flatMap((name) => [name, `globalThis.${name}`, `global.${name}`]);
  const define = Object.fromEntries(names.map((name) => [name, mark]));
  const { code } = await transform(text, { loader: 'ts', format: 'esm', define });
  return code.includes(mark);
}

test('src/modules itself contains only modules and their registry; shared code is in directories by subject', () => {
  const direct = files.filter(({ name }) => /^modules\/[^/]+$/.test(name) && name !== 'modules/registry.ts');
  expect(direct.length).toBeGreaterThan(30);
  expect(direct.filter(({ text }) => !/\bdefineModule\(/.test(text)).map(({ name }) => name)).toEqual([]);
  for (const { name, text } of direct) {
    const own = /\bname: '([a-z_]+)'/.exec(text)?.[1]?.replaceAll('_', '-');
    expect(name).toBe(`modules/${own}.ts`);
  }
});

test('src/run itself contains only the main file', () => {
  expect(files.filter(({ name }) => /^run\/[^/]+$/.test(name)).map(({ name }) => name)).toEqual(['run/run.ts']);
});
