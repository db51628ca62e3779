/**
 * Calls of curl whose address and headers are in no list of processes: curl reads them as a config from its standard input
 * (`curl -K -`, curl(1)).
 */
import type { Sh } from '../core/sh.ts';
import { heredoc } from '../shell/heredoc.ts';
import { sh } from '../shell/sh.ts';

/**
 * Shell text for curl with custom headers, which follows at most ten redirects. curl would send the headers to every host of a
 * redirect chain, so each redirect is a separate call: `max-redirs = 0` ends with exit code 47 and gives the next address,
 * without the body. The body of the last answer is written to descriptor 5.
 *
 * @param options Lines of a config of curl.
 * @param report What curl writes out at the end of each call, before the next address.
 */
export function curlHops(
  url: string,
  headers: Readonly<Record<string, string>>,
  options: readonly string[],
  report = '',
): Sh {
  const user = userOf(url);
  const bare = url.replace(/^(https?:\/\/)[^/?#]*@/i, '$1');
  const own = [
    ...(user === undefined ? [] : [`user = ${quoted(user)}`]),
    ...Object.entries(headers).map(([name, content]) => `header = ${quoted(`${name}: ${content}`)}`),
  ];
  const rest = [
    ...options,
    'location',
    'max-redirs = 0',
    'output = "/dev/fd/5"',
    `write-out = "${report}%{redirect_url}"`,
  ];
  return sh`
    first() {
    ${heredoc(sh`cat`, curlText([curlUrl(bare)]))}
    }
    own() {
    ${heredoc(sh`cat`, curlText(own))}
    }
    rest() {
    ${heredoc(sh`cat`, curlText(rest))}
    }
    n=0 u='' h=own
    while :; do
      r=$({
        if [ -z "$u" ]; then first; else printf 'url = "%s"\n' "$u"; fi
        [ -z "$h" ] || own
        rest
      } | curl -q -K -)
      c=$?
      { [ "$c" = 47 ] && [ -n "$r" ] && [ "$n" -lt 10 ]; } || exit "$c"
      case $r in *[\\\"]*|*[!!-~]*) echo 'the server redirects to an address that is not valid' >&2; exit 1;; esac
      p=\${r#*://} p=\${p%%[/?#]*} p=\${p##*@}
      case $r in http:*) p=\${p%:80};; https:*) p=\${p%:443};; esac
      [ "$p" = ${new URL(url).host} ] || h=''
      u=$r n=$((n + 1))
    done
  `;
}

/** Lines of a here-document with a random end word: the shell interprets nothing in them. They may contain a secret. */
export function curlText(lines: readonly string[]): Sh {
  return { kind: 'sh', text: lines.join('\n'), shown: '***' };
}

/** The line of a config that sets the address. */
export function curlUrl(url: string): string {
  return `url = ${quoted(url)}`;
}

/** User and password in an address, decoded; undefined without them. */
export function userOf(url: string): string | undefined {
  const user = /^https?:\/\/([^/?#]*)@/i.exec(url)?.[1];
  try {
    return user === undefined ? undefined : decodeURIComponent(user);
  } catch {
    return user;
  }
}

/** A quoted value in a config of curl, with the escapes of curl(1). */
export function quoted(words: string): string {
  return `"${words.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
}
