import { type Change, predicts } from '../../core/change.ts';
import type { Input } from '../../core/module.ts';
import type { Scope } from '../../core/scope.ts';
import type { Sh } from '../../core/sh.ts';
import { absent, present } from '../../core/state.ts';
import { type Container, container, isRunning } from '../../probes/container.ts';
import { sh } from '../../shell/sh.ts';

/** Seconds for which a container must run after its start: Docker reports it as started as soon as it exists. */
const holdSeconds = 1;

/** Brings a container to the desired `state`; undefined if it has that state. `before` is its state before the act. */
export function stateChange(
  state: 'started' | 'stopped' | 'restarted',
  there: Container,
  before: Container | undefined,
  grace: number | undefined,
  input: Input,
): Change | undefined {
  const again = before !== undefined && before.run?.startedAt !== there.run?.startedAt;
  const stop = grace === undefined ? [] : ['--time', grace];
  switch (state) {
    case 'started':
      if (isRunning(there)) return undefined;
      if (there.status === 'paused') {
        return change(there, 'unpause', '~', sh`docker unpause ${there.name} >/dev/null || exit 1`, input);
      }
      // Only a restart starts a container at once that waits for its next try.
      if (there.status === 'restarting') return change(there, 'restart', '~', start(there, sh`restart`), input);
      return change(there, 'start', '+', start(there, sh`start`), input);
    case 'restarted':
      if (again && isRunning(there)) return undefined;
      return change(there, 'restart', '~', start(there, sh`restart ${stop}`), input);
    case 'stopped':
      if (['exited', 'created', 'dead'].includes(there.status)) return undefined;
      return change(there, 'stop', '-', sh`docker stop ${stop} ${there.name} >/dev/null || exit 1`, input);
  }
}

/** Removes a container; its volumes stay. It is stopped first, as its configuration defines. */
export function removeChange({ name }: Container, grace: number | undefined, input: Input): Change {
  const script = sh`
    # The exit code of stop is ignored, also for a container that is restarting: only the removal below must succeed.
    docker stop ${grace === undefined ? [] : ['--time', grace]} ${name} >/dev/null 2>&1
    # Docker itself removes a container that was run with --rm.
    docker container inspect ${name} >/dev/null 2>&1 || exit 0
    docker rm --force ${name} >/dev/null || exit 1
  `;
  return {
    title: `remove container ${name}`,
    sign: '-',
    expects: [container(name, input.account)],
    act: { kind: 'program', script },
    predicts: [predicts(container(name, input.account), absent)],
    touches: touched(name),
    settles: 5,
  };
}

/** Sets a container's restart policy without affecting the running process. */
export function policyChange(there: Container, policy: string, input: Input): Change {
  const { run: _run, ...rest } = there;
  return {
    title: `restart policy ${there.restartPolicy} -> ${policy}`,
    sign: '~',
    expects: [container(there.name, input.account)],
    act: { kind: 'program', script: sh`docker update --restart ${policy} ${there.name} >/dev/null || exit 1` },
    predicts: [predicts(container(there.name, input.account), present({ ...rest, restartPolicy: policy }))],
    touches: [`container:${there.name}`, 'containers'],
  };
}

/** Sends a signal to a container's first process. */
export function killChange({ name }: Container, signal: string): Change {
  return {
    title: `send SIG${signal} to ${name}`,
    sign: '~',
    act: { kind: 'program', script: sh`docker kill --signal ${signal} ${name} >/dev/null || exit 1` },
    touches: touched(name),
  };
}

function start({ name }: Container, verb: Sh): Sh {
  return sh`
    how() { docker container inspect --format ${'{{.State.Status}} {{.State.StartedAt}} {{.State.ExitCode}}'} ${name}; }
    docker ${verb} ${name} >/dev/null || exit 1
    first=$(how) || exit 1
    sleep ${holdSeconds}
    now=$(how) || exit 1
    # With a restart policy it may be running again, but then its start time differs.
    if [ "$first" != "$now" ] || [ "\${now%% *}" != running ]; then
      {
        docker logs --tail 20 ${name} 2>&1
        echo "it ended again: its status is \${now%% *}, its exit code \${now##* }"
      } >&2
      exit 1
    fi
  `;
}

function change(there: Container, verb: string, sign: Change['sign'], script: Sh, input: Input): Change {
  const { run: _run, ...rest } = there;
  const question = container(there.name, input.account);
  const note = there.status === 'restarting' ? ' (it keeps ending)' : '';
  // The result of its health check is not known; so nothing is predicted of a container that has one.
  const predicted =
    verb === 'stop'
      ? [predicts(question, present({ ...rest, status: 'exited' as const }))]
      : there.checked
        ? []
        : [predicts(question, present({ ...rest, status: 'running' as const }))];
  return {
    title: `${verb} container ${there.name}${note}`,
    sign,
    expects: verb === 'restart' ? [] : [question],
    act: { kind: 'program', script },
    predicts: predicted,
    touches: touched(there.name),
    settles: 5,
  };
}

function touched(name: string): Scope[] {
  return [`container:${name}`, 'containers', 'processes', 'ports', 'http'];
}
