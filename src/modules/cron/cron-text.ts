/** The keywords that replace a schedule (crontab(5)). */
export const specials = ['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'hourly'] as const;

/** A job according to a task. */
export interface CronJob {
  readonly name: string;
  readonly job?: string;
  readonly user?: string;
  readonly schedule?: string;
  readonly special_time?: (typeof specials)[number];
  readonly minute: string | number;
  readonly hour: string | number;
  readonly day: string | number;
  readonly month: string | number;
  readonly weekday: string | number;
  readonly env?: { readonly [name: string]: string };
  readonly disabled: boolean;
}

/** cron's default PATH is /usr/bin:/bin. It may contain docker and systemctl, but not openclaw and setfacl. */
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A file for /etc/cron.d, whose lines name the account after the schedule. */
export function cronFile(args: CronJob): string {
  const env = { PATH: usualPath, ...args.env };
  return [
    '# Kept by heal: what is changed here is changed back.',
    ...Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`),
    `${args.disabled ? '#' : ''}${scheduleOf(args)} ${args.user ?? 'root'} ${jobOf(args)}`,
    '',
  ].join('\n');
}

/** A crontab's text with the desired entry of the job; without it if `present` is false. */
export function withEntry(text: string, args: CronJob, present: boolean): string {
  const marker = `#Ansible: ${args.name}`;
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const wanted = present ? [marker, `${args.disabled ? '#' : ''}${scheduleOf(args)} ${jobOf(args)}`] : [];
  const kept: string[] = [];
  let placed = false;
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    if (line.trimEnd() !== marker) {
      kept.push(line);
      continue;
    }
    // The line after the marker is the job; another entry of the same name would run it twice.
    i += 1;
    if (!placed) kept.push(...wanted);
    placed = true;
  }
  if (!placed) kept.push(...wanted);
  return kept.length === 0 ? '' : `${kept.join('\n')}\n`;
}

/** The command line, without the newline at the end of a YAML block. */
function jobOf({ job = '' }: CronJob): string {
  return job.replace(/\n+$/, '');
}

function scheduleOf(args: CronJob): string {
  if (args.special_time !== undefined) return `@${args.special_time}`;
  return args.schedule ?? [args.minute, args.hour, args.day, args.month, args.weekday].join(' ');
}

/** cron removes spaces at both ends of a value, unless it is quoted. */
function quoted(value: string): string {
  if (value !== '' && !/^\s|\s$|^["']/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
