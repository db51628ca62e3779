import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { cached } from './cache.ts';
import { run } from './command.ts';
import { asset } from './places.ts';

// Programs come to a host as read-only layers of its overlay, at the paths where `npm install -g` puts them. A plain
// read-only bind would not do: the real OpenClaw finishes its installation on first use and wants to write there.

/** Which OpenClaw a host has: none, a small program that behaves like it, or the real one. */
export type OpenClaw = 'none' | 'stand-in' | 'real';

const modules = 'usr/lib/node_modules';

/** The layers of a host with OpenClaw, and with the Node that it runs on. */
export async function programLayers(openclaw: OpenClaw): Promise<string[]> {
  if (openclaw === 'none') return [];
  return [openclaw === 'real' ? await realOpenClaw('2026.9.6') : await standIn(), await nodeLayer('24.16.0')];
}

/** A layer with Node's own program for any glibc Linux, from the npm registry. */
export async function nodeLayer(version: string): Promise<string> {
  return await cached(`node-${version}`, async (directory) => {
    const name = `node-linux-${process.arch}`;
    const fetched = `${directory}.fetched`;
    await npmInstall(fetched, `${name}@${version}`);
    mkdirSync(join(directory, 'usr/bin'), { recursive: true });
    copyFileSync(join(fetched, 'node_modules', name, 'bin/node'), join(directory, 'usr/bin/node'));
    await run('rm', ['-rf', fetched]);
  });
}

async function realOpenClaw(version: string): Promise<string> {
  return await cached(`openclaw-${version}`, async (directory) => {
    await npmInstall(join(directory, 'usr/lib'), `openclaw@${version}`);
    await run('rm', ['-f', join(directory, 'usr/lib/package.json')]);
    link(directory);
  });
}

async function standIn(): Promise<string> {
  const program = await bundled();
  const digest = createHash('sha256').update(program).digest('hex').slice(0, 12);
  return await cached(`openclaw-stand-in-${digest}`, async (directory) => {
    const place = join(directory, modules, 'openclaw');
    mkdirSync(join(place, 'dist'), { recursive: true });
    writeFileSync(join(place, 'package.json'), '{ "name": "openclaw", "version": "2026.9.6", "type": "module" }\n');
    // Its entry is not named index.js: by that the program knows, as the real one does, that a unit started it.
    writeFileSync(join(place, 'openclaw.mjs'), `#!/usr/bin/env node\nimport './dist/index.js';\n`, { mode: 0o755 });
    writeFileSync(join(place, 'dist/index.js'), program);
    link(directory);
  });
}

async function bundled(): Promise<Uint8Array> {
  const built = await build({
    entryPoints: [asset('openclaw', 'main.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
  const output = built.outputFiles[0];
  if (output === undefined) throw new Error('the stand-in for OpenClaw was not built');
  return output.contents;
}

function link(directory: string): void {
  mkdirSync(join(directory, 'usr/bin'), { recursive: true });
  symlinkSync('../lib/node_modules/openclaw/openclaw.mjs', join(directory, 'usr/bin/openclaw'));
}

/** No install script runs: nothing of a package is executed on this machine, only inside a host. */
async function npmInstall(prefix: string, wanted: string): Promise<void> {
  const quiet = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--no-package-lock'];
  mkdirSync(prefix, { recursive: true });
  await run('npm', ['install', '--prefix', prefix, ...quiet, wanted], { cwd: prefix });
}
