/** The commands in one chunk of the bundle: each file that a run opens costs it about 0.3 ms. */
export { backupCommand } from './backup-command.ts';
export { cpCommand } from './cp-command.ts';
export { pingCommand } from './ping-command.ts';
export { runCommand } from './run-command.ts';
export { sshCommand } from './ssh-command.ts';
export { varsCommand } from './vars-command.ts';
