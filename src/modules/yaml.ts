import { type Document, parseDocument } from 'yaml';
import { HealError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { defineModule } from './definition/define.ts';
import { sameValue } from './structured/value.ts';
import { changedValue, type ValueChange } from './structured/value-change.ts';
import { changeTitle, valueChange, valueProperties, wrongValueArgs } from './structured/value-schema.ts';
import { yamlEdits } from './structured/yaml-edit.ts';
import { documentText, yamlStyle } from './structured/yaml-style.ts';
import { yamlTree } from './structured/yaml-tree.ts';
import { type Edited, editedPlan, editedReads } from './text/edited-file.ts';
import { editedProperties } from './text/edited-schema.ts';
import { placeOf, withEdits } from './text/text-edit.ts';

const { path, ...rest } = editedProperties;

/** Manages values in a YAML file. The rest of the file is kept byte for byte, comments and anchors included. */
export const yaml = defineModule({
  name: 'yaml',
  about: 'Manages values in a YAML file. The rest of the file is kept byte for byte, comments and anchors included.',
  args: {
    properties: {
      path,
      ...valueProperties,
      indent: {
        type: 'integer',
        minimum: 1,
        maximum: 8,
        default: 2,
        description: 'Spaces per indentation level. Used only if the indentation cannot be detected from the file.',
      },
      ...rest,
    },
    required: ['path'],
  },
  examples: [
    {
      name: 'Ross comes back after a crash, and sees the flags',
      args: {
        path: '/root/openclaw-clients/docker-compose.yml',
        merge: { services: { ross: { restart: 'unless-stopped', volumes: ['/root/watchdog:/watchdog'] } } },
        lists: 'append_unique',
        list_key: 'target',
        validate: 'docker compose -f %s config --quiet',
      },
    },
    {
      name: 'The log is terse, and the old switch is gone',
      args: {
        path: '/etc/app/config.yml',
        set: [{ path: 'log.level', value: 'warn' }],
        remove: ['log.verbose', { path: 'plugins', value: 'debug' }],
      },
    },
  ],
  misuse: (args) => wrongValueArgs(args),
  reads: (args, look, input) => editedReads(args, look, input),
  plan: (args, answers, input) => {
    const change = valueChange(args);
    return editedPlan(args, answers, input, (before) => editedYaml(before, change, args.indent));
  },
});

/** A string with the change applied. */
export function editedYaml(before: string, change: ValueChange, indent: number): Edited {
  const document = readYaml(before);
  const tree = yamlTree(before, document);
  const old = tree?.value;
  const wanted = changedValue(old, change) ?? null;
  const what = changeTitle(old, wanted);
  if (old !== undefined && sameValue(old, wanted)) return { text: before, what };
  const style = yamlStyle(before, tree, indent);
  // A string of several lines is quoted if it can't be distinguished from its surroundings as a block; and
  // a removal leaves no empty lines if the text before it would include them (`|+`).
  for (const attempt of [{}, { blocks: false }, { emptyLines: false }, { blocks: false, emptyLines: false }]) {
    const own = { ...style, ...attempt };
    const text =
      tree === undefined
        ? before + (before === '' || before.endsWith('\n') ? '' : style.eol) + documentText(wanted, own)
        : withEdits(before, yamlEdits(before, tree, wanted, own));
    if (holds(text, wanted)) return { text, what };
  }
  const anchored = /(^|[\s[{,])[&*][^\s,[\]{}]+/.test(before);
  throw new HealError('failed', 'it is written in a way that can not be edited in place', {
    hint: anchored
      ? 'a value there is an anchor that others refer to, or is merged in with <<: change it at its definition'
      : 'write the file with template, or edit it manually',
  });
}

function holds(text: string, wanted: Json): boolean {
  try {
    return sameValue(yamlTree(text, readYaml(text))?.value ?? null, wanted);
  } catch (error) {
    if (error instanceof HealError) return false;
    throw error;
  }
}

/** One document, with the locations of all its parts. */
function readYaml(text: string): Document.Parsed {
  const document = parseDocument(text, { merge: true, keepSourceTokens: true, prettyErrors: false, logLevel: 'error' });
  const [first] = document.errors;
  if (first === undefined) return document;
  if (first.code === 'MULTIPLE_DOCS')
    throw new HealError('failed', 'it contains several documents', {
      hint: 'only a single document can be edited: use block or replace',
    });
  const { at, line } = placeOf(text, first.pos[0]);
  const why = first.message.charAt(0).toLowerCase() + first.message.slice(1);
  throw new HealError('failed', `${at} is not YAML, ${why}: ${line}`, {
    hint: 'fix the file manually; heal did not change it',
  });
}
