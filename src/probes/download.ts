import { type Account, type Question, question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { heredoc } from '../shell/heredoc.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { curlHops, curlText, curlUrl, userOf } from './curl.ts';
import { defineProbe } from './define.ts';
import { parts } from './trouble.ts';

/** A file that the host downloads from a web server. */
export interface Download {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Seconds without progress after which the download is stopped. */
  readonly timeout: number;
  readonly validateCerts: boolean;
  /** True if the address or a header contains a secret. */
  readonly secret?: boolean;
}

/** Content at an address. */
export interface Downloaded {
  /** Hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Downloads and hashes without storing: the only way to compare the content of a server with a file. */
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
                # The count has a separate descriptor, because the content may contain any bytes.
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

/** Asks for the content at an address; all of it is downloaded. */
export function download(wanted: Download, account: Account = {}): Question<Downloaded> {
  return question(downloadProbe, wanted, account);
}

/**
 * Shell text that prints the server's answer, using curl, or wget if there is no curl. Errors on stderr. An https address
 * is never redirected to http. Custom headers, a user and a password are sent only to the host of the address.
 */
export function downloadText(wanted: Download): Sh {
  const { url, headers = {}, timeout, validateCerts } = wanted;
  const isHttps = /^https:/i.test(url);
  const hasHeaders = Object.keys(headers).length > 0;
  const isPrivate = wanted.secret === true || userOf(url) !== undefined;
  const certs = validateCerts ? [] : ['--no-check-certificate'];
  const curl = hasHeaders
    ? curlHops(url, headers, curlRest(wanted))
    : heredoc(sh`curl -q -K -`, curlText([curlUrl(url), ...curlRest(wanted), 'location']));
  // GNU wget reads addresses from its stdin, where `ps` does not show them; no wget reads headers from it.
  const words = sh`-O - -t 1 -T ${timeout} ${certs} -i -`;
  const gnu = isHttps
    ? joinSh([heredoc(sh`e=$(wget -nv -S ${words} 2>&1 >&5`, curlText([url])), sh`)`, wgetHops], '\n')
    : heredoc(sh`wget -nv ${words}`, curlText([url]));
  const busybox = isHttps
    ? joinSh([needsWgetHeaders, sh`e=$(wget -q -S -O - $t ${certs} ${url} 2>&1 >&5)`, wgetHops], '\n')
    : sh`wget -q -O - $t ${url}`;
  return sh`
    exec 5>&1
    if command -v curl >/dev/null; then
    ${curl}
    elif ! command -v wget >/dev/null || [ ${hasHeaders ? 1 : 0} = 1 ]; then
      echo 'the host has no program that can fetch this: install curl' >&2
      exit 1
    elif wget --version 2>/dev/null | head -n 1 | grep -q 'GNU Wget'; then
    ${gnu}
    else
      [ ${isPrivate ? 1 : 0} = 0 ] || {
        echo 'wget of busybox shows the address, which contains a secret, in the list of processes: install curl' >&2
        exit 1
      }
      ${wgetTimeout(timeout)}
      ${busybox}
    fi
  `;
}

/** Shell text after `e=$(wget -S ...)`: prints its messages without the headers, and fails if a redirect left https. */
const wgetHops: Sh = sh`
  c=$?
  printf '%s\n' "$e" | grep -v '^  ' >&2
  if printf '%s\n' "$e" | grep -q -i '^ *location: *http:'; then
    echo 'the server redirects https to http, which is refused' >&2
    exit 1
  fi
  exit "$c"
`;

const needsWgetHeaders: Sh = sh`
  wget --help 2>&1 | grep -q -e '-S  ' || {
    echo 'this wget does not tell whether https was redirected to http: install curl' >&2
    exit 1
  }
`;

/**
 * Shell text that sets `t` to the timeout option of busybox' wget, if it has one. A build without it,
 * such as Debian's before 1.36.1-5, crashes when it reads -T.
 */
export function wgetTimeout(seconds: number): Sh {
  return sh`
    t=''
    if wget --help 2>&1 | grep -q -e '-T SEC'; then t='-T '${seconds}; fi
  `;
}

/** A tool's last message about a download, without the tool's name. */
export function downloadError(errors: string): string {
  const line = errors
    .trim()
    .split('\n')
    .filter((one) => !/^\s*$|URL:|^FINISHED|^Total wall|^Downloaded/.test(one))
    .at(-1);
  return (line ?? 'it could not be fetched').replace(/^(curl: \(\d+\)|wget:) /, '').trim();
}

function curlRest({ url, timeout, validateCerts }: Download): string[] {
  const protocols = /^https:/i.test(url) ? '=https' : '=http,https';
  return [
    'silent',
    'show-error',
    'fail',
    'globoff',
    `proto = "${protocols}"`,
    `proto-redir = "${protocols}"`,
    `connect-timeout = ${timeout}`,
    `speed-time = ${timeout}`,
    'speed-limit = 1',
    ...(validateCerts ? [] : ['insecure']),
  ];
}
