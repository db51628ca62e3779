import type { JsonObject } from './json.ts';
import type { Question } from './probe.ts';
import type { Scope } from './scope.ts';
import type { Sh } from './sh.ts';
import type { State } from './state.ts';

/** What is shown of a Change: two texts of which a unified diff is made. */
export interface Diff {
  readonly before: string;
  readonly after: string;
  /** Headings of the two sides; default the Change's title. */
  readonly beforeName?: string;
  readonly afterName?: string;
  /** True where the texts hold a secret; both are then empty. */
  readonly secret?: boolean;
}

/** Bytes that a Change brings to the host. Small ones ride in the program, larger ones are streamed. */
export interface Content {
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  /** All of it where it is at most 64 KiB. */
  readonly bytes?: Buffer;
  /** Opens it anew. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** True where it must not be shown. */
  readonly secret?: boolean;
  /** Absolute local path of a `kept` file, whether it is there or not. */
  readonly path?: string;
  /** What is in it, where it is a directory of the workstation; `open` then gives nothing. */
  readonly directory?: LocalDirectory;
  /** What is in it, where it is the archive of a backup. */
  readonly backup?: BackupContent;
}

/** What a backup holds; it was read back, and no name in it leads elsewhere. */
export interface BackupContent {
  /** Its time in UTC: `2026-11-28T09-15-00Z`. */
  readonly name: string;
  /** Absolute paths of the host that it was made of. */
  readonly paths: readonly string[];
  /** Whether it holds something at an absolute path. */
  readonly holds: (path: string) => boolean;
}

/** A directory of the workstation. */
export interface LocalDirectory {
  /** All that is in it but what is excluded, sorted by path. */
  readonly entries: readonly LocalEntry[];
  /** One tar of some of its entries, with the modes that they are to have (octal). */
  readonly archive: (members: readonly { readonly path: string; readonly mode: string }[]) => Content;
}

/** Something in a directory of the workstation. */
export interface LocalEntry {
  /** From the directory on, with slashes. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'link';
  /** Bytes of a file, else 0. */
  readonly size: number;
  /** Of a file, hex. */
  readonly sha256?: string;
  /** Whether a file is a program; Windows knows that only of scripts, by their first line. */
  readonly executable: boolean;
  /** Of a link, as it is written, with slashes. */
  readonly target?: string;
}

/** How a Change is made. */
export type Act =
  /** A script run on the host in a session of its own. Its exit code must be 0, unless `free` (then the module's task keywords judge it). */
  | { readonly kind: 'program'; readonly script: Sh; readonly free?: boolean }
  /** Content is put on the host in a private file first; `script` finds its path in `$CONTENT`. */
  | { readonly kind: 'upload'; readonly content: Content; readonly near: string; readonly script: Sh }
  /** A file of the host is brought to the workstation, and kept there if it is what was read; then `script` runs. */
  | {
      readonly kind: 'download';
      readonly path: string;
      /** Hex. */
      readonly sha256: string;
      /** Absolute local path; directories above it are made. */
      readonly to: string;
      readonly script: Sh;
    }
  /**
   * `pack` prints a compressed tar on a channel of its own, and a report on stderr (src/modules/archives/backup-script.ts). It is
   * kept on the control node, in a new directory below `to`, if it can be read back; then `script` runs.
   */
  | {
      readonly kind: 'archive';
      readonly pack: Sh;
      /** Absolute local path of the directory that holds the backups. */
      readonly to: string;
      /** The same as the task gives it, for messages. */
      readonly shownTo: string;
      /** What the manifest says besides: the arguments of the task. */
      readonly about: JsonObject;
      /** Names in the archive of files that have to parse as JSON5. */
      readonly parses: readonly string[];
      readonly script: Sh;
    }
  /**
   * The script takes the host down, and the line with it; then it is logged in to until it answers from another boot.
   * It must end at once: a line that breaks while it runs is what it is for.
   */
  | {
      readonly kind: 'reconnect';
      readonly script: Sh;
      /** Seconds until the host has to be back. */
      readonly within: number;
    };

/** What one Question will answer after a Change. */
export interface Prediction {
  readonly question: Question<unknown>;
  readonly state: State<unknown>;
  /** It comes about only where the Question's answer is that nothing is there; else the answer is unknown. */
  readonly where?: 'absent';
}

/** One difference between State and what a task wants. */
export interface Change {
  /** Says what will be: "mode 0600 -> 0644", "start openclaw-jack.service". Lower case. */
  readonly title: string;
  /** `+` makes something, `-` removes something, `~` alters it. */
  readonly sign: '+' | '-' | '~';
  readonly diff?: Diff;
  /** Whose States must still hold when the act begins; else it is decided once more. */
  readonly expects?: readonly Question<unknown>[];
  readonly act: Act;
  readonly predicts?: readonly Prediction[];
  /** Probe scopes it may alter; default everything. */
  readonly touches?: readonly Scope[];
  /** Seconds during which the proof may ask again (a unit that is still activating). */
  readonly settles?: number;
  /** False where no question can prove it (a free command): reported as `changed (unproven)`. */
  readonly proven?: boolean;
}

/** Builds a typed Prediction. */
export function predicts<V>(question: Question<V>, state: State<V>): Prediction {
  return { question: question as Question<unknown>, state };
}
