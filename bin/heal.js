#!/usr/bin/env node
// Names are looked up on the threads of libuv, half of them at a time: of the 4 that there are by default 2, so that two names
// that no resolver answers for keep all other hosts waiting. The number is read when the first thread is used, which a module
// (ESM) is too late for: its own file is read by one.
process.env.UV_THREADPOOL_SIZE ??= '64';

const { statSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { homedir } = require('node:os');
const { join } = require('node:path');

// Node.js 22.8 and later keep compiled code, so that the next command starts faster. What is read there is executed: so not in
// the home directory of another account, which may be that of the user of sudo.
try {
  if (process.getuid === undefined || statSync(homedir()).uid === process.getuid()) {
    enableCompileCache?.(join(homedir(), '.cache', 'heal', 'compiled'));
  }
} catch {
  // There is no home directory.
}

import('../dist/heal.js');
