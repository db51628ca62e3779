import { type Account, type Question, question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { heredoc } from '../shell/heredoc.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { parts } from './trouble.ts';

/** Something that the host fetches from a web server. */
export interface Download {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Seconds without progress after which it is given up. */
  readonly timeout: number;
  readonly validateCerts: boolean;
}

/** What a web server gives under an address. */
export interface Downloaded {
  /** Hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Fetches and hashes without keeping: the only way to know whether what a server gives differs from a file. */
export const downloadProbe = defineProbe<Download, Downloaded>({
  name: 'download',
  about: 'Hash and size of what a web server gives to the host.',
  cost: 300,
  deadline: 600,
  together: false,
  key: (download) => JSON.stringify(download),
  scopes: () => ['http', 'ports', 'processes'],
  ask: (items) =>
    joinSh(
      items.map(
        ({ params }) => sh`
          printf '\n%s sum\n' "$N"
          {
            e=$({
              { ( ${downloadText(params)} ) || printf 'failed %s\n' "$N" >&2; } | {
                # The count goes its own way: a content may hold anything.
                { tee /dev/fd/7 | wc -c >&6; } 7>&1 | sha256sum >&8
              } 6>&8
            } 2>&1)
          } 8>&1
          printf '\n%s errors\n%s\n' "$N" "$e"
        `,
      ),
      '\n',
    ),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    const sum = said.get('sum')?.toString('utf8') ?? '';
    const errors = said.get('errors')?.toString('utf8').trim() ?? '';
    const sha256 = /^([0-9a-f]{64}) /m.exec(sum)?.[1];
    const size = /^\s*(\d+)$/m.exec(sum)?.[1];
    return new Map(
      items.flatMap(({ id }): [string, State<Downloaded>][] => {
        const failure = errors.split(`failed ${reply.nonce}`);
        if (failure.length > 1) return [[id, { kind: 'unavailable', why: downloadError(failure.join('')) }]];
        return sha256 === undefined || size === undefined ? [] : [[id, present({ sha256, size: Number(size) })]];
      }),
    );
  },
});

/** Asks what a web server gives; all of it is fetched. */
export function download(wanted: Download, account: Account = {}): Question<Downloaded> {
  return question(downloadProbe, wanted, account);
}

/** Shell text that prints what the server gives: by curl, else by wget. Its words on stderr say what went wrong. */
export function downloadText(wanted: Download): Sh {
  const { url, timeout, validateCerts } = wanted;
  const simple = Object.keys(wanted.headers ?? {}).length === 0;
  const curl = heredoc(sh`curl -q -K -`, text(curlConfig(wanted)));
  const certs = validateCerts ? [] : ['--no-check-certificate'];
  // GNU wget reads addresses from its stdin, where `ps` does not show them; no wget does that with headers.
  const gnu = heredoc(sh`wget -nv -O - -t 1 -T ${timeout} ${certs} -i -`, text(url));
  return sh`
    if command -v curl >/dev/null; then
    ${curl}
    elif ! command -v wget >/dev/null || [ ${simple ? 1 : 0} = 0 ]; then
      echo 'the host has no program that can fetch this: install curl' >&2
      exit 1
    elif wget --version 2>/dev/null | head -n 1 | grep -q 'GNU Wget'; then
    ${gnu}
    else
      ${wgetTimeout(timeout)}
      wget -q -O - $t ${certs} ${url}
    fi
  `;
}

/**
 * Shell text that sets `t` to the option for a timeout of busybox' wget, where it has one. One that is built without it,
 * as Debian's is before 1.36.1-5, crashes when it reads -T.
 */
export function wgetTimeout(seconds: number): Sh {
  return sh`
    t=''
    if wget --help 2>&1 | grep -q -e '-T SEC'; then t='-T '${seconds}; fi
  `;
}

/** A tool's last words about a download, without its name. */
export function downloadError(errors: string): string {
  const line = errors
    .trim()
    .split('\n')
    .filter((one) => !/^\s*$|URL:|^FINISHED|^Total wall|^Downloaded/.test(one))
    .at(-1);
  return (line ?? 'it could not be fetched').replace(/^(curl: \(\d+\)|wget:) /, '').trim();
}

function curlConfig({ url, headers, timeout, validateCerts }: Download): string {
  const value = (words: string): string =>
    `"${words.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
  return [
    `url = ${value(url)}`,
    'silent',
    'show-error',
    'fail',
    'location',
    'globoff',
    'proto = "=http,https"',
    'proto-redir = "=http,https"',
    `connect-timeout = ${timeout}`,
    `speed-time = ${timeout}`,
    'speed-limit = 1',
    ...(validateCerts ? [] : ['insecure']),
    ...Object.entries(headers ?? {}).map(([name, content]) => `header = ${value(`${name}: ${content}`)}`),
  ].join('\n');
}

/** Text of a here-document whose end word is random: nothing in it is read by the shell. It may hold a secret. */
function text(content: string): Sh {
  return { kind: 'sh', text: content, shown: '***' };
}
