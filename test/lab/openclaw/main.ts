import { list, scratch } from './automations.ts';
import { backup } from './backup.ts';
import { get, set, validate } from './config.ts';
import { gateway } from './gateway.ts';
import { health } from './health.ts';
import { control, install, status, uninstall } from './service.ts';
import { behaviour } from './settings.ts';

const flags = new Set(['json', 'force', 'verify', 'unset', 'all', 'help', 'version']);

const help = `OpenClaw ${behaviour().version} (lab stand-in): it behaves as OpenClaw does towards a host, and talks to nobody.

Usage: openclaw [command]

  gateway [--port N]                       run the gateway
  gateway install|uninstall|start|stop|restart|status
  health [--json] [--timeout MS]
  config validate | get PATH | set PATH VALUE
  backup create [--output PATH] [--verify] [--json]
  cron list | scratch ID [--json] [--file PATH] [--set TEXT]`;

async function main(argv: readonly string[]): Promise<number> {
  const { words, options } = parse(argv);
  const [command, verb, ...rest] = words;
  if (options.has('version')) return say(`OpenClaw ${behaviour().version} (lab stand-in)`);
  if (options.has('help') || command === undefined) return say(help);
  const is2026September = behaviour().version === '2026.9.6';
  switch (`${command} ${verb ?? ''}`.trim()) {
    case 'gateway':
    case 'gateway run': {
      const port = options.get('port');
      const rename = !/index\.js$/.test(process.argv[1] ?? '');
      return await gateway({ rename, ...(port === undefined ? {} : { port: Number(port) }) });
    }
    case 'gateway install':
      return install(options.has('force'));
    case 'gateway uninstall':
      return uninstall();
    case 'gateway start':
    case 'gateway stop':
    case 'gateway restart':
      return control(verb as 'start' | 'stop' | 'restart', options.has('force'));
    case 'gateway status':
      return status();
    case 'health':
      return await health(Number(options.get('timeout') ?? 61_000));
    case 'config validate':
      return validate();
    case 'config get':
      return get(rest[0] ?? '');
    case 'config set':
      return set(rest[0] ?? '', rest[1] ?? '');
    case 'backup create':
      return is2026September ? backup(options) : unknown(command);
    case 'cron list':
      return is2026September ? list() : unknown(command);
    case 'cron scratch':
      return is2026September ? scratch(rest[0] ?? '', options) : unknown(command);
    default:
      return unknown(command);
  }
}

function parse(argv: readonly string[]): { words: string[]; options: Map<string, string> } {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '-V') options.set('version', '');
    else if (word === '-h') options.set('help', '');
    else if (!word.startsWith('--')) words.push(word);
    else if (word.includes('=')) options.set(word.slice(2, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
    else options.set(word.slice(2), flags.has(word.slice(2)) ? '' : (argv[++i] ?? ''));
  }
  return { words, options };
}

function say(text: string): number {
  console.log(text);
  return 0;
}

function unknown(command: string): number {
  console.error(`error: unknown command '${command}'`);
  return 1;
}

process.exitCode = await main(process.argv.slice(2));
if (process.exitCode !== 0 || process.title === 'openclaw-gateway') process.exit();
