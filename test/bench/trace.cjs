/**
 * Loaded before the command (`node --require`): writes down when it reads files, connects, sends, receives and prints,
 * so that the very bundle that a user runs can be measured. The list goes to the file that BENCH_TRACE names, when the
 * process ends: [[milliseconds since 1970, what, bytes, path], ...].
 */
const fs = require('node:fs');
const net = require('node:net');
const { syncBuiltinESMExports } = require('node:module');

const file = process.env.BENCH_TRACE;
const marks = [];
const mark = (what, bytes = 0, path = '') =>
  marks.push([performance.timeOrigin + performance.now(), what, bytes, path]);

mark('started');

for (const name of ['readFile', 'readdir', 'stat', 'lstat', 'access']) {
  const original = fs.promises[name];
  fs.promises[name] = (...args) => {
    mark('read', 0, String(args[0]));
    return original(...args);
  };
}
syncBuiltinESMExports();

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  mark('connect');
  const result = connect.apply(this, args);
  const { write, push } = this;
  this.once('connect', () => mark('connected'));
  this.once('close', () => mark('closed'));
  this.write = function (chunk, ...rest) {
    mark('out', chunk.length);
    return write.call(this, chunk, ...rest);
  };
  this.push = function (chunk, ...rest) {
    if (chunk !== null) mark('in', chunk.length);
    return push.call(this, chunk, ...rest);
  };
  return result;
};

const print = process.stdout.write;
process.stdout.write = function (chunk, ...rest) {
  mark('print', chunk.length);
  return print.call(this, chunk, ...rest);
};

process.on('exit', () => {
  mark('exit');
  fs.writeFileSync(file, JSON.stringify(marks));
});
