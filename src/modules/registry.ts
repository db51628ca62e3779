import type { Module } from '../core/module.ts';
import { acl } from './acl.ts';
import { assert } from './assert.ts';
import { authorizedKey } from './authorized-key.ts';
import { backup } from './backup.ts';
import { block } from './block.ts';
import { command } from './command.ts';
import { compose } from './compose.ts';
import { container } from './container.ts';
import { copy } from './copy.ts';
import { cron } from './cron.ts';
import { debug } from './debug.ts';
import { directory } from './directory.ts';
import { dockerConfig } from './docker-config.ts';
import { fail } from './fail.ts';
import { fetch } from './fetch.ts';
import { file } from './file.ts';
import { getUrl } from './get-url.ts';
import { group } from './group.ts';
import { json } from './json.ts';
import { line } from './line.ts';
import { link } from './link.ts';
import { packages } from './package.ts';
import { pause } from './pause.ts';
import { process } from './process.ts';
import { reboot } from './reboot.ts';
import { replace } from './replace.ts';
import { restore } from './restore.ts';
import { script } from './script.ts';
import { setFact } from './set-fact.ts';
import { shell } from './shell.ts';
import { stat } from './stat.ts';
import { sync } from './sync.ts';
import { systemd } from './systemd.ts';
import { template } from './template.ts';
import { timer } from './timer.ts';
import { unarchive } from './unarchive.ts';
import { unit } from './unit.ts';
import { uri } from './uri.ts';
import { user } from './user.ts';
import { waitFor } from './wait-for.ts';
import { yaml } from './yaml.ts';

const all: readonly Module[] = [
  acl,
  assert,
  authorizedKey,
  backup,
  block,
  command,
  compose,
  container,
  copy,
  cron,
  debug,
  directory,
  dockerConfig,
  fail,
  fetch,
  file,
  getUrl,
  group,
  json,
  line,
  link,
  packages,
  pause,
  process,
  reboot,
  replace,
  restore,
  script,
  setFact,
  shell,
  stat,
  sync,
  systemd,
  template,
  timer,
  unarchive,
  unit,
  uri,
  user,
  waitFor,
  yaml,
];

/** Other names that users of Ansible know for modules. */
const aliases: Readonly<Record<string, Module>> = {
  systemd_service: systemd,
  service: systemd,
  lineinfile: line,
  blockinfile: block,
  apt: packages,
};

/** Every module by its name, in alphabetical order; `aliases` give the same modules. */
export const modules: ReadonlyMap<string, Module> = new Map([
  ...all.map((module): [string, Module] => [module.name, module]),
  ...Object.entries(aliases),
]);
