import type { HostOptions, LabHost } from './host.ts';
import { put } from './host-files.ts';
import type { Behaviour } from './openclaw/settings.ts';
import { type OpenClaw, programLayers } from './program-layers.ts';
import { rootImage } from './root-image.ts';
import { type SiteOptions, siteDirectories } from './site-directories.ts';

/** What a test wants of a host. */
export type HostWish = HostOptions &
  SiteOptions & {
    /** `bare`: systemd, sshd, cron, Docker installed but off (default). `site`: what SITE.md says is already there. */
    state?: 'bare' | 'site';
    /** Default: none on a bare host, the stand-in on a site. */
    openclaw?: OpenClaw;
    /** How the stand-in behaves where not as usual. */
    behaviour?: Partial<Behaviour>;
    /** Whether Jack runs when the host is handed over: started by hand in a session, as on the untouched host
     * (default on a site), or not at all. */
    jack?: 'by-hand' | 'stopped';
  };

/** What to boot a host from, built first where this machine has not built it yet. */
export async function outfit(wish: HostWish): Promise<HostOptions> {
  const isSite = wish.state === 'site';
  const layers = [...(wish.layers ?? []), ...(await programLayers(wish.openclaw ?? (isSite ? 'stand-in' : 'none')))];
  await rootImage(wish.flavour ?? 'trixie');
  const site = isSite ? await siteDirectories(wish) : undefined;
  return {
    ...wish,
    layers,
    ...site,
    async prepare(root) {
      if (wish.behaviour !== undefined) put(root, '/etc/openclaw-lab.json', JSON.stringify(wish.behaviour));
      await wish.prepare?.(root);
    },
  };
}

/** What happens after the first boot. */
export async function start(host: LabHost, wish: HostWish): Promise<void> {
  const jack = wish.jack ?? (wish.state === 'site' ? 'by-hand' : 'stopped');
  if (jack === 'by-hand') await startByHand(host);
}

/** Starts Jack as his owner did before anything healed itself: in a session, by hand, watched by nobody. */
export async function startByHand(host: LabHost): Promise<void> {
  await host.exec(
    'setsid systemd-run --quiet --scope --slice=user.slice openclaw gateway </dev/null >/root/gateway.log 2>&1 &',
  );
  // The real one takes 9 to 15 s, more while others boot.
  const answers =
    'for i in $(seq 600); do curl -fs -m 2 http://127.0.0.1:18789/healthz && exit; sleep 0.1; done; exit 1';
  await host.exec(answers);
}
