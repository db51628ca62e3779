import type { JsonObject } from '../core/json.ts';
import { type HttpAnswer, type HttpRequest, http } from '../probes/http.ts';
import { parsed } from './commands/run-command.ts';
import { defineModule } from './definition/define.ts';

/** Sends an HTTP request from the host and checks the answer. */
export const uri = defineModule({
  name: 'uri',
  about: 'Sends an HTTP request from the host and checks the answer.',
  readonly: true,
  args: {
    properties: {
      url: { type: 'string', pattern: '^https?://\\S+$' },
      method: { enum: ['GET', 'HEAD'], default: 'GET' },
      status_code: {
        anyOf: [{ type: 'integer' }, { type: 'array', items: { type: 'integer' }, minItems: 1 }],
        default: 200,
        description: 'Expected status code, or a list.',
      },
      headers: { type: 'object', additionalProperties: { type: 'string' } },
      return_content: {
        type: 'boolean',
        default: false,
        description: 'Return the body as result.content (at most 64 KiB).',
      },
      follow_redirects: {
        type: 'boolean',
        default: false,
        description: 'Follow redirects, at most ten with `headers`, which are sent only to the host of `url`.',
      },
      validate_certs: { type: 'boolean', default: true },
      timeout: { type: 'integer', minimum: 1, default: 10, description: 'Timeout of the whole request, in seconds.' },
    },
    required: ['url'],
  },
  shorthand: 'url',
  examples: [{ name: 'The app answers', args: { url: 'http://127.0.0.1:8080/healthz' } }],
  reads: (args, _look, input) => ({ answer: http(requestOf(args), input.account) }),
  plan: (args, { answer }) => {
    if (answer === undefined) return { changes: [], failed: `${args.url} gave no answer` };
    const wanted = typeof args.status_code === 'number' ? [args.status_code] : args.status_code;
    const result = resultOf(args.url, answer, args.return_content);
    if (answer.status !== 0 && wanted.includes(answer.status)) return { changes: [], result };
    const got =
      answer.status === 0 ? (answer.error ?? 'no answer') : `status ${answer.status}, not ${wanted.join(' or ')}`;
    return { changes: [], result: { ...result, msg: got }, failed: `${args.url}: ${got}` };
  },
});

interface UriArgs {
  readonly url: string;
  readonly method: 'GET' | 'HEAD';
  readonly headers?: { readonly [name: string]: string };
  readonly timeout: number;
  readonly follow_redirects: boolean;
  readonly validate_certs: boolean;
}

function requestOf(args: UriArgs): HttpRequest {
  return {
    url: args.url,
    method: args.method,
    ...(args.headers === undefined ? {} : { headers: args.headers }),
    timeout: args.timeout,
    followRedirects: args.follow_redirects,
    validateCerts: args.validate_certs,
  };
}

function resultOf(url: string, answer: HttpAnswer, content: boolean): JsonObject {
  const text = answer.body.toString('utf8');
  const json = parsed(text);
  return {
    url,
    status: answer.status,
    elapsed_ms: answer.ms,
    msg: answer.error ?? 'OK',
    ...(content ? { content: text } : {}),
    ...(json === undefined ? {} : { json }),
  };
}
