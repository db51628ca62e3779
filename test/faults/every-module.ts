/** One use of a module on a host that the setup below has prepared. */
export interface Use {
  readonly name: string;
  readonly module: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** It does its work on every run, as it should: a restart, a command that does not say when it is done. */
  readonly everyTime?: true;
}

/** What is on the host before the first use. */
export const setup = `set -e
mkdir -p /srv/old/sub /srv/www /srv/granted /srv/unpacked
useradd -m coach
printf 'one\\ntwo\\nthree\\n' >/srv/lines
printf '{\\n  // kept\\n  "a": 1,\\n  "list": [1, 2],\\n}\\n' >/srv/app.json5
printf '# kept\\na:\\n  b: 1 # here\\n' >/srv/app.yml
printf 'old\\n' >/srv/changed; chmod 600 /srv/changed
printf 'x' >/srv/gone; printf 'x' >/srv/old/sub/file; printf 'x' >/srv/granted/file; printf 'it works\\n' >/srv/www/index.html
tar -C /srv -czf /root/archive.tgz www
cat >/etc/systemd/system/web.service <<'EOT'
[Service]
ExecStart=/usr/bin/busybox httpd -f -p 127.0.0.1:8099 -h /srv/www
Restart=always
[Install]
WantedBy=multi-user.target
EOT
printf '[Service]\\nType=oneshot\\nExecStart=/bin/touch /srv/once\\n' >/etc/systemd/system/once.service
printf '[Service]\\nExecStart=/bin/sleep 9999\\n' >/usr/lib/systemd/system/extra.service
systemctl daemon-reload
systemctl start extra
systemd-run --quiet --scope --unit stray busybox httpd -f -p 127.0.0.1:8098 -h /srv/www </dev/null >/dev/null 2>&1 &
sleep 0.5
`;

/** What a run may change, for a checksum of all of it. */
export const directories = ['/etc', '/srv', '/root', '/home', '/var/spool/cron', '/opt'];

const use = (name: string, module: string, args: Use['args'], more: Partial<Use> = {}): Use => ({
  name,
  module,
  args,
  ...more,
});

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl coach@laptop';

/** Uses that change something, in an order in which they work; what nobody can predict comes last. */
export const uses: readonly Use[] = [
  use('A new directory', 'directory', { path: '/srv/app/data', mode: '0750', owner: 'coach' }),
  use('A directory that goes', 'directory', { path: '/srv/old', state: 'absent' }),
  use('A new file', 'copy', { content: 'hello\n', dest: '/srv/app/new', mode: '0640', group: 'coach' }),
  use('A file that changes', 'copy', { content: 'new\n', dest: '/srv/changed' }),
  use('A file of the project', 'copy', { src: 'data.bin', dest: '/srv/app/', mode: '0600' }),
  use('A large file of the project', 'copy', { src: 'large.bin', dest: '/srv/large.bin', mode: '0600' }),
  use('A template', 'template', { src: 'app.conf.hbs', dest: '/srv/app/app.conf' }),
  use('A mode', 'file', { path: '/srv/www/index.html', mode: '0604', owner: 'coach' }),
  use('A link', 'file', { path: '/srv/app/link', src: 'new', state: 'link' }),
  use('Another name of a file', 'link', { path: '/srv/app/hard', src: '/srv/app/new', hard: true }),
  use('A file that goes', 'file', { path: '/srv/gone', state: 'absent' }),
  use('A touched file', 'file', { path: '/srv/touched', state: 'touch', mode: '0600' }, { everyTime: true }),
  use('A line', 'line', { path: '/srv/lines', regexp: '^two$', line: 'zwei' }),
  use('A replacement', 'replace', { path: '/srv/lines', regexp: 'three', replace: 'drei' }),
  use('A block', 'block', { path: '/srv/lines', block: 'a\nb\n' }),
  use('A value', 'json', { path: '/srv/app.json5', set: [{ path: 'a', value: 2 }] }),
  use('A right', 'acl', { path: '/srv/granted', user: 'coach', permissions: 'rwX', recursive: true, default: 'also' }),
  use('A job', 'cron', { name: 'app-snapshot', schedule: '7 * * * *', job: '/bin/true' }),
  use('A job of a crontab', 'cron', { name: 'poll', crontab: true, schedule: '@daily', job: '/bin/true' }),
  use('An archive', 'unarchive', { src: '/root/archive.tgz', remote_src: true, dest: '/srv/unpacked' }),
  use('A unit that starts', 'systemd', { unit: 'web', state: 'started', enabled: true }),
  use('A unit that stops', 'systemd', { unit: 'extra.service', state: 'stopped' }),
  use('A unit that is masked', 'systemd', { unit: 'extra', masked: true }),
  use('A unit that ends', 'systemd', { unit: 'once', state: 'started' }, { everyTime: true }),
  use('A restart', 'systemd', { unit: 'web', state: 'restarted' }, { everyTime: true }),
  use('A port without strays', 'process', { port: 8098, grace: 2 }),
  use('A download', 'get_url', { url: 'http://127.0.0.1:8099/index.html', dest: '/srv/fetched' }),
  use('A command', 'command', { cmd: 'touch /srv/commanded', creates: '/srv/commanded' }),
  use('A shell', 'shell', { cmd: 'echo x >/srv/shelled', unless: 'test -e /srv/shelled' }),
  use('A group', 'group', { name: 'shop' }),
  use('An account', 'user', { name: 'shop', group: 'shop', home: '/home/shop' }),
  use('A key that opens', 'authorized_key', { user: 'coach', key: publicKey }),
  use('A timer', 'timer', { name: 'shop', command: '/bin/true', on_calendar: 'daily' }),
  use('A value of YAML', 'yaml', { path: '/srv/app.yml', set: [{ path: 'a.b', value: 2 }] }),
  use('A directory of the project', 'sync', { src: 'pages', dest: '/srv/pages', delete: true }),
  use('A script of the project', 'script', { cmd: 'fill.sh', creates: '/srv/filled' }),
  use('A backup', 'backup', { paths: ['/srv/changed'], dest: 'backups/{{ inventory_hostname }}' }, { everyTime: true }),
  use('A file brought here', 'fetch', { src: '/srv/changed', dest: 'fetched/{{ inventory_hostname }}' }),
  use('A command without a sign', 'command', { cmd: 'true' }, { everyTime: true }),
  use('A restart of the host', 'reboot', { reboot_timeout: 120 }, { everyTime: true }),
];

/** Modules that need more than a bare host, or that can't end well, and the tests that apply them on a real one. */
export const elsewhere: Readonly<Record<string, string>> = {
  compose: 'test/modules/docker.lab.test.ts',
  container: 'test/modules/docker-container-cases.ts',
  docker_config: 'test/modules/docker-config-cases.ts',
  package: 'test/modules/package.lab.test.ts',
  fail: 'test/faults/broken-off.lab.test.ts',
  restore: 'test/roles/backup.lab.test.ts',
};

/** Uses that only the engine can make: they stream, bring something here, or take the host down. */
export const byEngine = ['sync', 'fetch', 'backup', 'reboot', 'script'];

/** Uses that only look, once all of the others are done. */
export const looks: readonly Use[] = [
  use('It is known', 'stat', { path: '/srv/app/new', get_checksum: true }),
  use('It answers', 'uri', { url: 'http://127.0.0.1:8099/', return_content: true }),
  use('It runs', 'unit', { unit: 'web', active: true, enabled: true, restart: 'always', sub: 'running' }),
  use('It is said', 'debug', { msg: 'said' }),
  use('It holds', 'assert', { that: ['facts.systemd.running', 'size(facts.hostname) > 0'] }),
  use('It is known of', 'set_fact', { known: 'yes' }),
  use('It takes connections', 'wait_for', { port: 8099, timeout: 30 }),
  use('It has passed', 'pause', { seconds: 0 }),
  use('It is read', 'command', { cmd: 'cat /srv/commanded', readonly: true }),
];

/** Files of the project that the uses name. */
export const projectFiles = {
  'files/data.bin': '\u0000\u0001 any bytes \r\n',
  'files/large.bin': 'large '.repeat(50_000),
  'files/pages/index.html': '<p>here</p>\n',
  'files/pages/more/a.html': '<p>more</p>\n',
  'files/fill.sh': '#!/bin/sh\ntouch /srv/filled\n',
  'templates/app.conf.hbs': 'host = {{ inventory_hostname }}\n',
};
