import type { Reply } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { sh } from '../shell/sh.ts';

/** Result of a command. */
export interface Captured {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** True if more was printed than was stored. */
  readonly truncated: boolean;
}

/**
 * Runs a command and prints its stdout and stderr separately, `limit` bytes of each; the rest is read and discarded, so
 * that the writing process is not killed. No file is written: stdout is sent as base64 as it arrives, stderr
 * and the exit code are held in a variable meanwhile.
 */
export function captured(command: Sh, limit: number): Sh {
  return sh`
    _cap() { { head -c ${limit + 1}; cat >/dev/null; } | base64; }
    printf '\n%s out\n' "$N"
    {
      t=$(
        {
          e=$(
            {
              {
                (
                  exec 2>&6 6>&- 7>&- 8>&-
                  ${command}
                )
                echo "$?" >&7
              } | _cap >&8
            } 6>&1 | _cap
          )
          printf '%s\n' "$e"
        } 7>&1
      )
    } 8>&1
    printf '\n%s rest\n%s\n%s end\n' "$N" "$t" "$N"
  `;
}

/** Reads the output of `captured`; undefined if it is incomplete. */
export function readCaptured({ output, nonce }: Reply, limit: number): Captured | undefined {
  const text = output.toString('latin1');
  const start = text.indexOf(`\n${nonce} out\n`);
  const middle = text.indexOf(`\n${nonce} rest\n`, start);
  const end = text.indexOf(`\n${nonce} end\n`, middle);
  if (start < 0 || middle < 0 || end < 0) return undefined;
  const [code = '', ...errors] = text.slice(middle + nonce.length + 7, end).split('\n');
  if (!/^\d+$/.test(code)) return undefined;
  const stdout = Buffer.from(text.slice(start + nonce.length + 6, middle), 'base64');
  const stderr = Buffer.from(errors.join(''), 'base64');
  return {
    code: Number(code),
    stdout: stdout.subarray(0, limit),
    stderr: stderr.subarray(0, limit),
    truncated: stdout.length > limit || stderr.length > limit,
  };
}
