import { type Document, visit } from 'yaml';
import type { Problems } from './problems.ts';
import type { SourceFile } from './source-file.ts';

/** How to write a string that YAML would read as a mapping. */
export const templateHint = 'a value that begins with {{ is written in quotes: "{{ name }}"';

const meanings: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  TAB_AS_INDENT: ['a tab is used for indentation', 'indent with spaces'],
  MULTIPLE_DOCS: ['the file contains more than one document', 'remove the second "---"'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a mapping begins where a string is expected',
    'put a string that contains ": " in quotes, or check the indentation',
  ],
  BAD_SCALAR_START: ['a string begins with a character that YAML reserves', 'put it in quotes'],
};

/** The start of the quoted string that ends here: an error at the end of the file would not show which quote is open. */
function quoteBefore(document: Document, end: number): number | undefined {
  let start: number | undefined;
  visit(document, {
    Scalar: (_, { type, range }) => {
      if (type?.startsWith('QUOTE_') && range && range[0] <= end && range[2] >= end) start = range[0];
    },
  });
  return start;
}

/** Adds the errors that the YAML library found, in words for people who write playbooks. `tags`: the supported ones. */
export function reportSyntax(document: Document, file: SourceFile, tags: readonly string[], problems: Problems): void {
  let first = true;
  for (const error of document.errors) {
    const at = file.place(error.pos[0]);
    if (error.code === 'DUPLICATE_KEY') {
      const key = /^[^:\n]*/.exec(file.text.slice(error.pos[0]))?.[0].trim() ?? '';
      problems.add(`key "${key}" is given twice`, at, 'keep one of the two');
      continue;
    }
    // Further errors are mostly consequences of the first syntax error.
    if (!first) continue;
    first = false;
    const opening = /^Missing closing .quote/.test(error.message) ? quoteBefore(document, error.pos[0]) : undefined;
    if (opening !== undefined) {
      problems.add('a quote is never closed', file.place(opening), 'close it on the line where it is meant to end');
      continue;
    }
    const [message, hint] = meanings[error.code] ?? [
      error.message.charAt(0).toLowerCase() + error.message.slice(1).replace(/\.$/, ''),
      'check the indentation, the quotes and the brackets',
    ];
    problems.add(message, at, /[:-]\s*\{\{/.test(at.text ?? '') ? templateHint : hint);
  }
  for (const warning of document.warnings) {
    if (warning.code !== 'TAG_RESOLVE_FAILED') continue;
    const tag = file.text.slice(warning.pos[0], warning.pos[1]);
    problems.add(`unknown tag ${tag}`, file.place(warning.pos[0]), `heal knows ${tags.join(' and ')}`);
  }
}
