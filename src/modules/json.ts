import { HealError } from '../core/errors.ts';
import { defineModule } from './definition/define.ts';
import { jsonEdits } from './structured/json-edit.ts';
import { type JsonFormat, readJson } from './structured/json-reading.ts';
import { jsonText, styleOf } from './structured/json-style.ts';
import { jsonTree } from './structured/json-tree.ts';
import { sameValue } from './structured/value.ts';
import { changedValue, type ValueChange } from './structured/value-change.ts';
import { changeTitle, valueChange, valueProperties, wrongValueArgs } from './structured/value-schema.ts';
import { type Edited, editedPlan, editedReads } from './text/edited-file.ts';
import { editedProperties } from './text/edited-schema.ts';
import { withEdits } from './text/text-edit.ts';

const { path, ...rest } = editedProperties;

/** Manages values in a JSON, JSONC or JSON5 file. The rest of the file is kept byte for byte. */
export const json = defineModule({
  name: 'json',
  about: 'Manages values in a JSON, JSONC or JSON5 file. The rest of the file is kept byte for byte.',
  args: {
    properties: {
      path,
      ...valueProperties,
      format: {
        enum: ['auto', 'json', 'jsonc', 'json5'],
        default: 'auto',
        description: 'Format of the file. `jsonc` allows comments and trailing commas; `auto` accepts all formats.',
      },
      indent: {
        anyOf: [{ type: 'integer', minimum: 0, maximum: 8 }, { const: 'tab' }],
        default: 2,
        description:
          'Spaces per indentation level, or `tab`. Used only if the indentation cannot be detected from the file.',
      },
      ...rest,
    },
    required: ['path'],
  },
  examples: [
    {
      name: 'Docker rotates its logs',
      args: {
        path: '/etc/docker/daemon.json',
        create: true,
        merge: { 'log-driver': 'json-file', 'log-opts': { 'max-size': '10m', 'max-file': '3' } },
      },
    },
    {
      name: 'The gateway listens on the loopback only',
      args: {
        path: '/root/.openclaw/openclaw.json',
        set: [{ path: 'gateway.bind', value: 'loopback' }],
        remove: ['gateway.tailscale'],
        backup: true,
      },
    },
  ],
  misuse: (args) => wrongValueArgs(args),
  reads: (args, look, input) => editedReads(args, look, input),
  plan: (args, answers, input) => {
    const { format } = args;
    const indent = args.indent === 'tab' ? '\t' : ' '.repeat(args.indent);
    const change = valueChange(args);
    return editedPlan(args, answers, input, (before) => editedJson(before, change, format, indent));
  },
});

/** A string with the change applied. */
export function editedJson(before: string, change: ValueChange, format: JsonFormat, indent: string): Edited {
  const empty = before.trim() === '';
  const old = empty ? undefined : readJson(before, format);
  const wanted = changedValue(old, change) ?? null;
  const what = changeTitle(old, wanted);
  if (old !== undefined && sameValue(old, wanted)) return { text: before, what };
  if (empty) {
    const style = { indent, eol: '\n', colon: ': ', quote: '"', bare: false, lines: true } as const;
    return { text: `${jsonText(wanted, style, '')}\n`, what };
  }
  const tree = jsonTree(before);
  const text = withEdits(before, jsonEdits(before, tree, wanted, styleOf(before, tree, indent)));
  if (!sameValue(readJson(text, format), wanted))
    throw new HealError('failed', 'it is written in a way that can not be edited in place', {
      hint: 'write the file with template, or edit it manually',
    });
  return { text, what };
}
