import type { Question } from '../../src/core/probe.ts';
import type { State } from '../../src/core/state.ts';
import { heredoc } from '../../src/shell/heredoc.ts';
import { joinSh, sh } from '../../src/shell/sh.ts';
import { type Shell, start } from './shell-program.ts';

/** Asks every question, grouped by probe as the engine does, and again alone what was left out. */
export function ask(shell: Shell, questions: readonly Question<unknown>[]): Map<string, State<unknown>> {
  const states = new Map<string, State<unknown>>();
  const groups = new Map<string, Question<unknown>[]>();
  for (const [i, question] of questions.entries()) {
    const key = question.probe.together === false ? `${i}` : question.probe.name;
    groups.set(key, [...(groups.get(key) ?? []), question]);
  }
  askGroups(shell, [...groups.values()], states);
  const open = questions.filter(({ key }) => !states.has(key));
  if (open.length > 0) {
    askGroups(
      shell,
      open.map((question) => [question]),
      states,
    );
  }
  for (const { key } of questions) {
    if (!states.has(key)) states.set(key, { kind: 'unavailable', why: 'no answer' });
  }
  return states;
}

/** Asks all groups in one program, for to start one is the most expensive part of a test. */
function askGroups(
  shell: Shell,
  groups: readonly (readonly Question<unknown>[])[],
  states: Map<string, State<unknown>>,
): void {
  const nonce = 'f00dfacef00dfacef00dfacef00dface';
  const mark = 'beadedbeadedbeadedbeadedbeadedbe';
  const asked = groups.flatMap((group) => {
    const probe = group[0]?.probe;
    return probe === undefined ? [] : [{ group, probe, items: itemsOf(group) }];
  });
  const scripts = asked.map(({ probe, items }) =>
    joinSh(
      [
        heredoc(
          sh`${shell.sh} -s 2>&1`,
          joinSh([sh`{ N=${nonce}; LC_ALL=C; export LC_ALL`, probe.ask(items), sh`} </dev/null`], '\n'),
        ),
        sh`printf '%s %s\n' ${mark} "$?"`,
      ],
      '\n',
    ),
  );
  if (scripts.length === 0) return;
  let rest = start(shell, [shell.sh, '-s'], joinSh(scripts, '\n')).stdout;
  for (const { group, probe, items } of asked) {
    const end = rest.indexOf(`${mark} `);
    const line = rest.indexOf('\n', end);
    const code = end < 0 ? 137 : Number(rest.subarray(end + mark.length + 1, line).toString('latin1'));
    const parsed = probe.parse({ nonce, output: end < 0 ? rest : rest.subarray(0, end), code }, items);
    rest = end < 0 ? rest.subarray(0, 0) : rest.subarray(line + 1);
    for (const [i, question] of group.entries()) {
      const state = parsed.get(`i${i}`);
      if (state !== undefined) states.set(question.key, state);
    }
  }
}

function itemsOf(group: readonly Question<unknown>[]): { readonly id: string; readonly params: never }[] {
  return group.map((question, i) => ({ id: `i${i}`, params: question.params as never }));
}
