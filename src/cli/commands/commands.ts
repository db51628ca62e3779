/** The commands in one chunk of the bundle: with one chunk for each of them, what they share is in many more files. */
export { backupCommand } from './backup-command.ts';
export { cpCommand } from './cp-command.ts';
export { pingCommand } from './ping-command.ts';
export { runCommand } from './run-command.ts';
export { sshCommand } from './ssh-command.ts';
export { varsCommand } from './vars-command.ts';
