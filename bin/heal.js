#!/usr/bin/env node
// Names are looked up on the threads of libuv, half of them at a time: of the 4 that there are by default 2, so that two names
// that no resolver answers for keep all other hosts waiting. The number is read when the first thread is used, which a module
// (ESM) is too late for: its own file is read by one.
process.env.UV_THREADPOOL_SIZE ??= '64';
import('../dist/heal.js');
