import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import json5 from 'json5';
import { configFile, displayed } from './settings.ts';

export type Config = { [key: string]: unknown };

/** The config, or what is wrong with it. */
export function readConfig(): { config: Config } | { wrong: string } {
  let text: string;
  try {
    text = readFileSync(configFile(), 'utf8');
  } catch {
    return { wrong: '<root>: config file not found' };
  }
  let parsed: unknown;
  try {
    parsed = json5.parse(text);
  } catch (error) {
    return { wrong: `<root>: JSON5 parse failed: ${error}` };
  }
  if (!isObject(parsed)) return { wrong: '<root>: expected object' };
  for (const key of ['gateway', 'channels', 'agents']) {
    if (parsed[key] !== undefined && !isObject(parsed[key])) return { wrong: `${key}: expected object` };
  }
  const port = at(parsed, 'gateway.port');
  if (port !== undefined && !Number.isInteger(port)) return { wrong: 'gateway.port: expected number' };
  return { config: parsed };
}

/** The value at a dotted path. */
export function at(config: Config, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), config);
}

export function port(config: Config): number {
  return Number(at(config, 'gateway.port') ?? 18789);
}

/** `openclaw config validate`. */
export function validate(): number {
  const read = readConfig();
  if ('config' in read) {
    console.log(`Config valid: ${displayed(configFile())}`);
    return 0;
  }
  console.error(`OpenClaw config is invalid: ${displayed(configFile())}\n  × ${read.wrong}\n`);
  console.error('Run `openclaw doctor --fix` to repair, or fix the keys above manually.');
  return 1;
}

/** `openclaw config get PATH`. */
export function get(path: string): number {
  const read = readConfig();
  const value = 'config' in read ? at(read.config, path) : undefined;
  if (value === undefined) {
    console.error(`Config path is valid but unset: ${path}.`);
    return 1;
  }
  console.log(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  return 0;
}

/** `openclaw config set PATH VALUE`: as the real one it loses the comments and rotates five .bak files. */
export function set(path: string, value: string): number {
  const read = readConfig();
  if (!('config' in read)) return validate();
  const keys = path.split('.');
  const last = keys.pop() ?? path;
  let place = read.config;
  for (const key of keys) {
    const inner = place[key];
    const next: Config = isObject(inner) ? inner : {};
    place[key] = next;
    place = next;
  }
  place[last] = parsed(value);
  rotate();
  const file = configFile();
  writeFileSync(`${file}.tmp`, `${JSON.stringify(read.config, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  console.log(`Updated ${path}. Change will apply without restarting the gateway.`);
  return 0;
}

function rotate(): void {
  const names = ['.bak', '.bak.1', '.bak.2', '.bak.3', '.bak.4'].map((end) => `${configFile()}${end}`);
  for (let i = names.length - 1; i > 0; i--) {
    try {
      renameSync(names[i - 1] ?? '', names[i] ?? '');
    } catch {
      // fewer than five so far
    }
  }
  copyFileSync(configFile(), names[0] ?? '');
}

function parsed(value: string): unknown {
  try {
    return json5.parse(value);
  } catch {
    return value;
  }
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
