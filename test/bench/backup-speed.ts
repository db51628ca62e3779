import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { LabHost } from '../lab/host.ts';
import { spread, table } from './figures.ts';
import { timed } from './timed.ts';

/** Size of the data in MiB: half of it is random, half repeats, so that gzip has work to do and output to send. */
const size = 128;

/** The inputs of the measurement. */
export interface BackupBench {
  readonly directory: string;
  readonly host: LabHost;
  readonly rounds: number;
  /** Arguments of ssh for a command on the host. */
  readonly ssh: (command: string) => string[];
  /** Arguments of node for a run of a playbook of the project in `directory`. */
  readonly heal: (playbook: string) => string[];
}

/**
 * Prints the speed of a backup as a part of that of `ssh HOST tar cz`, both in turn on the same line and into a file. heal's
 * time includes its login, the hashes of both sides, and reading the archive back.
 */
export async function backupSpeed({ directory, host, rounds, ssh, heal }: BackupBench): Promise<void> {
  await host.exec(
    `mkdir -p /srv/bench; cd /srv/bench; for i in $(seq ${size}); do
       { head -c 512K /dev/urandom; seq 1 80000 | head -c 512K; } > file$i
     done`,
  );
  mkdirSync(join(directory, 'tasks'), { recursive: true });
  const task = { name: 'A backup', backup: { paths: ['/srv/bench'], dest: 'backups' } };
  writeFileSync(join(directory, 'tasks', 'keep.yml'), stringify([{ name: 'Keep', hosts: 'vps', tasks: [task] }]));
  const archive = join(directory, 'plain.tar.gz');
  const tar = `ssh "$@" 'tar cz -C / srv/bench' > '${archive}'`;
  const subjects = [
    { name: 'ssh HOST tar cz', run: () => timed('sh', ['-c', tar, 'sh', ...ssh('').slice(0, -1)]) },
    { name: 'heal, module backup', run: () => timed(process.execPath, heal('keep')) },
  ];
  const times = subjects.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, subject] of subjects.entries()) {
      const { ms } = await subject.run();
      // The first round only warms the caches.
      if (round > 0) times[i]?.push(ms);
      rmSync(join(directory, 'backups'), { recursive: true, force: true });
    }
  }
  const base = spread(times[0] ?? []).median;
  const rows = subjects.map(({ name }, i) => {
    const { median, least, most } = spread(times[i] ?? []);
    const rate = (size * 1.048576 * 1000) / median;
    return [
      name,
      median.toFixed(0),
      `${least.toFixed(0)} to ${most.toFixed(0)}`,
      rate.toFixed(1),
      (base / median).toFixed(2),
    ];
  });
  console.log(`\na backup of ${size} MiB, ${rounds} rounds in turn, milliseconds; aim: 0.9 of the speed of ssh\n`);
  for (const text of table([['', 'median', 'range', 'MB/s', 'of ssh'], ...rows])) console.log(text);
}
