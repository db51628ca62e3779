/** Facts gathered on every host at login; constant until `setup` runs. Conditions and templates see them as `facts`. */
export interface Facts {
  readonly hostname: string;
  readonly user: string;
  readonly uid: number;
  readonly home: string;
  readonly shell: string;
  readonly kernel: string;
  readonly arch: string;
  /** Seconds since the epoch on the host's clock. */
  readonly time: number;
  readonly boot_id: string;
  /** Name of process 1: `systemd`, `init`, `busybox`. */
  readonly init: string;
  readonly os: {
    readonly id: string;
    readonly family: string;
    readonly name: string;
    readonly version: string;
    readonly codename: string;
  };
  readonly memory: { readonly total_mb: number; readonly available_mb: number };
  /** The root file system. */
  readonly disk: { readonly total_mb: number; readonly available_mb: number; readonly used_percent: number };
  readonly cpus: number;
  /** Whether systemd's system manager runs; its version, 0 without systemd. */
  readonly systemd: { readonly running: boolean; readonly version: number };
  readonly docker: { readonly present: boolean; readonly socket: boolean };
  /** Absolute paths of the commands that exist, by name. */
  readonly commands: Readonly<Record<string, string>>;
}
