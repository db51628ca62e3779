import { type Account, type Question, question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { heredoc } from '../shell/heredoc.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { captured, readCaptured } from './capture.ts';
import { curlHops, curlText, curlUrl, quoted } from './curl.ts';
import { defineProbe } from './define.ts';
import { wgetTimeout } from './download.ts';

/** A request that the host makes. */
export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** Seconds for the whole request; default 10. */
  readonly timeout?: number;
  readonly followRedirects?: boolean;
  readonly validateCerts?: boolean;
}

/** The result of the request. A failed connection and a timeout are answers too: status 0, and why. */
export interface HttpAnswer {
  readonly status: number;
  /** The first 64 KiB. */
  readonly body: Buffer;
  readonly truncated: boolean;
  /** Duration in milliseconds; 0 if the host's tool does not report it. */
  readonly ms: number;
  /** Lower case, if the answer is incomplete or missing. */
  readonly error?: string;
}

const limit = 64 * 1024;
const defaultTimeout = 10;

/** Sends a request from the host itself, using curl, or wget (GNU or busybox) if there is no curl. */
export const httpProbe = defineProbe<HttpRequest, HttpAnswer>({
  name: 'http',
  about: 'What a web server answers to the host itself.',
  cost: 20,
  deadline: ({ timeout }) => (timeout ?? defaultTimeout) + 5,
  together: false,
  key: (request) => JSON.stringify(request),
  scopes: () => ['http', 'ports', 'processes'],
  ask: (items) =>
    joinSh(
      items.map(({ params }) => captured(fetchText(params), limit)),
      '\n',
    ),
  parse: (reply, items) => {
    const answer = readCaptured(reply, limit);
    return new Map(answer === undefined ? [] : items.map(({ id }) => [id, readFetched(answer)]));
  },
});

/** Asks for the answer of a web server to the host itself. */
export function http(request: HttpRequest, account: Account = {}): Question<HttpAnswer> {
  return question(httpProbe, request, account);
}

/** What curl writes out after each answer. */
const report = '\\nHTTP %{http_code} %{time_total}\\n';

/** Exit code of our own: no tool on the host can send the request. */
const noTool = 120;

function fetchText(request: HttpRequest): Sh {
  const timeout = request.timeout ?? defaultTimeout;
  const headers = request.headers ?? {};
  const options = curlOptions(request, timeout);
  const follows = request.followRedirects === true;
  const own = Object.entries(headers).map(([name, content]) => `header = ${quoted(`${name}: ${content}`)}`);
  const once = [curlUrl(request.url), ...options, ...own, `write-out = "%{stderr}${report}"`];
  const curl =
    follows && own.length > 0
      ? joinSh([sh`exec 5>&1`, curlHops(request.url, headers, options, `%{stderr}${report}%{stdout}`)], '\n')
      : heredoc(sh`curl -q -K -`, curlText(follows ? [...once, 'location'] : once));
  // Without curl, only GNU wget accepts a URL other than as an argument, and none accepts headers that way.
  const simple = own.length === 0;
  const gnu = heredoc(
    sh`wget -q -O - -S -t 1 -T ${timeout} --content-on-error ${wgetFlags(request)} -i -`,
    curlText([request.url]),
  );
  return sh`
    if command -v curl >/dev/null; then
    ${curl}
    elif [ ${simple ? 1 : 0} = 0 ] || ! command -v wget >/dev/null; then exit ${noTool}
    elif wget --version 2>/dev/null | head -n 1 | grep -q 'GNU Wget'; then
    ${gnu}
    else
      ${wgetTimeout(timeout)}
      wget -q -O - -S $t ${request.method === 'HEAD' ? ['--spider'] : []} ${request.url}
    fi
  `;
}

function wgetFlags(request: HttpRequest): string[] {
  return [
    ...(request.method === 'HEAD' ? ['--method=HEAD'] : []),
    ...(request.followRedirects === true ? [] : ['--max-redirect=0']),
    ...(request.validateCerts === false ? ['--no-check-certificate'] : []),
  ];
}

/** Lines of a config of curl, without the address and the headers. */
function curlOptions(request: HttpRequest, timeout: number): string[] {
  return [
    'silent',
    'show-error',
    'globoff',
    'proto = "=http,https"',
    'proto-redir = "=http,https"',
    `max-time = ${timeout}`,
    ...(request.method === 'HEAD' ? ['head'] : []),
    ...(request.validateCerts === false ? ['insecure'] : []),
  ];
}

function readFetched({
  code,
  stdout,
  stderr,
  truncated,
}: {
  code: number;
  stdout: Buffer;
  stderr: Buffer;
  truncated: boolean;
}): State<HttpAnswer> {
  const errors = stderr.toString('utf8');
  if (code === noTool) {
    return { kind: 'unavailable', why: 'the host has no program that can ask a web server this: install curl' };
  }
  // 139 and similar: the tool itself crashed, so the state of the server is unknown.
  if (code > 125)
    return { kind: 'unavailable', why: `the host's program for web requests crashed (exit code ${code})` };
  // One line for each redirect that was followed on its own; the last one counts.
  const fromCurl = [...errors.matchAll(/^HTTP (\d{3}) ([\d.,]+)$/gm)].at(-1);
  // wget -S prints the headers of each answer; that of the last one counts.
  const status = fromCurl?.[1] ?? [...errors.matchAll(/\bHTTP\/[\d.]+ (\d{3})\b/g)].at(-1)?.[1];
  const why = errors
    .split('\n')
    .filter((line) => /^(curl|wget|Connecting|failed)/i.test(line.trim()))
    .at(-1)
    ?.replace(/^(?:curl: \(\d+\)|wget:) /, '')
    .trim();
  const failed = fromCurl === undefined ? status === undefined : code !== 0;
  return present({
    status: Number(status ?? 0),
    body: stdout,
    truncated,
    ms: Math.round(Number((fromCurl?.[2] ?? '0').replace(',', '.')) * 1000),
    ...(failed ? { error: lowerFirst(why ?? `exit code ${code}`) } : {}),
  });
}

function lowerFirst(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}
