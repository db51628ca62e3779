import type { State } from '../core/state.ts';
import { sh, unquotedLiteralScript } from '../shell/sh.ts';

/** `docker`, with an error message of ours on a host without it. */
export const docker = unquotedLiteralScript(
  "{ command -v docker >/dev/null || { echo 'docker is not installed on this host' >&2; false; }; } && docker",
);

/**
 * `compose_cli`, a function that runs Compose (version 2) as `docker compose` does. The plugin is started directly: `docker`
 * starts it twice, the first time only for its metadata, and reads all other plugins, which together takes twice as long as
 * Compose itself. The directories are those of Docker's plugin manager, in its order (docker/cli, cli-plugins/manager).
 */
export const composeFunction = sh`
compose_cli() {
  command -v docker >/dev/null || { echo 'docker is not installed on this host' >&2; return 1; }
  for _plugins in "\${DOCKER_CONFIG:-\${HOME:-}/.docker}" /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker; do
    [ ! -x "$_plugins/cli-plugins/docker-compose" ] || { "$_plugins/cli-plugins/docker-compose" "$@"; return; }
  done
  docker compose "$@"
}
`;

/**
 * The State of Docker itself according to its messages; undefined if they are about a specific object. If no engine
 * answers, the state of its objects is unknown.
 */
export function dockerTrouble(words: string): Exclude<State<never>, { kind: 'present' | 'absent' }> | undefined {
  const line = words
    .split('\n')
    .find((one) =>
      /docker is not installed|docker daemon|docker\.sock|Error response from daemon: (?!No such)/i.test(one),
    )
    ?.trim();
  if (line === undefined) return undefined;
  if (/permission denied/i.test(line)) return { kind: 'denied', why: 'this user may not speak to Docker' };
  if (/not installed/.test(line)) return { kind: 'unavailable', why: line };
  if (/cannot connect|is the docker daemon running/i.test(line)) {
    return { kind: 'unavailable', why: "Docker's engine does not answer: is docker.service running?" };
  }
  return { kind: 'unavailable', why: line };
}
