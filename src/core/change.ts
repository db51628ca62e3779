import type { JsonObject } from './json.ts';
import type { Question } from './probe.ts';
import type { Scope } from './scope.ts';
import type { Sh } from './sh.ts';
import type { State } from './state.ts';

/** The displayed part of a Change: two strings from which a unified diff is created. */
export interface Diff {
  readonly before: string;
  readonly after: string;
  /** Headings of the two sides; default the Change's title. */
  readonly beforeName?: string;
  readonly afterName?: string;
  /** True if the texts contain a secret; both are then empty. */
  readonly secret?: boolean;
}

/** Bytes that a Change sends to the host. Small ones are part of the program, larger ones are streamed. */
export interface Content {
  /** Absolute path of a file of the host that has this content: nothing is sent. */
  readonly onHost?: string;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  /** The whole content, if it is at most 64 KiB. */
  readonly bytes?: Buffer;
  /** Opens it again from the start. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** True if it must not be shown. */
  readonly secret?: boolean;
  /** Absolute local path of a `kept` file, whether it exists or not. */
  readonly path?: string;
  /** Its entries, if it is a directory of the control node; `open` then gives nothing. */
  readonly directory?: LocalDirectory;
  /** Its content, if it is the archive of a backup. */
  readonly backup?: BackupContent;
}

/** Content of a backup; it was read back, and no name in it points outside. */
export interface BackupContent {
  /** Its time in UTC: `2026-11-28T09-15-00Z`. */
  readonly name: string;
  /** Absolute paths of the host that were backed up. */
  readonly paths: readonly string[];
  /** Whether it contains something at an absolute path. */
  readonly holds: (path: string) => boolean;
}

/** A directory of the control node. */
export interface LocalDirectory {
  /** All its entries except the excluded ones, sorted by path. */
  readonly entries: readonly LocalEntry[];
  /** One tar of some of its entries, with the modes that they get (octal). */
  readonly archive: (members: readonly { readonly path: string; readonly mode: string }[]) => Content;
}

/** An entry of a directory of the control node. */
export interface LocalEntry {
  /** Relative to the directory, with slashes. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'link';
  /** Bytes of a file, else 0. */
  readonly size: number;
  /** Of a file, hex. */
  readonly sha256?: string;
  /** Whether a file is a program; Windows knows this only of scripts, from their first line. */
  readonly executable: boolean;
  /** Target of a link, unresolved, with slashes. */
  readonly target?: string;
}

/** How a Change is applied. */
export type Act =
  /** A script run on the host in a separate session. Its exit code must be 0, unless `free` (then task keywords judge it). */
  | { readonly kind: 'program'; readonly script: Sh; readonly free?: boolean }
  /** Content is first written to a private file on the host; `script` finds its path in `$CONTENT`. */
  | { readonly kind: 'upload'; readonly content: Content; readonly near: string; readonly script: Sh }
  /** A file of the host is fetched to the control node, and kept if it is the one that was read; then `script` runs. */
  | {
      readonly kind: 'download';
      readonly path: string;
      /** Hex. */
      readonly sha256: string;
      /** Absolute local path; missing directories above it are created. */
      readonly to: string;
      readonly script: Sh;
    }
  /**
   * `pack` prints a compressed tar on a separate channel, and a report on stderr (src/modules/archives/backup-script.ts). It is
   * stored on the control node, in a new directory below `to`, if it can be read back; then `script` runs.
   */
  | {
      readonly kind: 'archive';
      readonly pack: Sh;
      /** Absolute local path of the directory that contains the backups. */
      readonly to: string;
      /** The same path as written in the task, for messages. */
      readonly shownTo: string;
      /** Further content of the manifest: the arguments of the task. */
      readonly about: JsonObject;
      /** Names in the archive of files that must parse as JSON5. */
      readonly parses: readonly string[];
      readonly script: Sh;
    }
  /**
   * The script shuts the host down, which ends the connection; then heal logs in again until the host answers from another boot.
   * The script must end at once: the connection is expected to fail while it runs.
   */
  | {
      readonly kind: 'reconnect';
      readonly script: Sh;
      /** Seconds until the host must be back. */
      readonly within: number;
    };

/** The predicted answer to one Question after a Change. */
export interface Prediction {
  readonly question: Question<unknown>;
  readonly state: State<unknown>;
  /** Only valid if the Question's answer is that nothing exists; otherwise the answer is unknown. */
  readonly where?: 'absent';
}

/** One difference between the State and the desired state of a task. */
export interface Change {
  /** Describes the result: "mode 0600 -> 0644", "start openclaw-jack.service". Lower case. */
  readonly title: string;
  /** `+` creates something, `-` removes something, `~` alters it. */
  readonly sign: '+' | '-' | '~';
  readonly diff?: Diff;
  /** Questions whose States must be unchanged when the act begins; otherwise the task is evaluated again. */
  readonly expects?: readonly Question<unknown>[];
  readonly act: Act;
  readonly predicts?: readonly Prediction[];
  /** Probe scopes that it may alter; default everything. */
  readonly touches?: readonly Scope[];
  /** Seconds during which the proof may be repeated (a unit that is still activating). */
  readonly settles?: number;
  /** False if no question can prove it (a free command): reported as `changed (unproven)`. */
  readonly proven?: boolean;
}

/** Builds a typed Prediction. */
export function predicts<V>(question: Question<V>, state: State<V>): Prediction {
  return { question: question as Question<unknown>, state };
}
