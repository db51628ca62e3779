/** The drills of the site, in the order in which they are run. */
export const siteDrills = [
  'Jack is killed',
  'A flag revives Jack',
  'A flag revives John',
  'Ten flags in two seconds',
  'A flag that is a directory',
  'A flag that is a link',
  "Jack's files are rewritten twenty times",
  "Ross's ACLs are removed",
  "Jack's config is broken, and Ross's protocol repairs it",
  'Jack is frozen',
  "Jack's config is broken, and the host's watchdog repairs it",
  'Jack crashes until systemd gives him up, and then the cause is gone',
  'John is stopped, and stays down until a flag asks',
  "John's container is removed",
  'Ross is frozen',
  'Docker is restarted',
  'A disk is above its threshold',
  'The host is rebooted',
];

/** As it ships, but quicker: what is tested is what happens, not how long a person would wait for it. */
export const quick = {
  health_every: '2s',
  health_grace_sec: 4,
  ross_health_interval: '2s',
  ross_health_timeout: '2s',
  ross_health_retries: 2,
  ross_health_start_period: '2s',
  disk_every: '5s',
};
