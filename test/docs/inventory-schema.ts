import type { JsonObject } from '../../src/core/json.ts';
import { connectionVariables } from '../../src/project/inventory/connection-variables.ts';
import { draft, lenient } from './lenient-schema.ts';

/** The schema of inventory/hosts.yml. */
export function inventorySchema(): JsonObject {
  const kinds: Readonly<Record<(typeof connectionVariables)[number]['kind'], JsonObject>> = {
    text: { type: 'string', minLength: 1 },
    path: { type: 'string', minLength: 1 },
    // The name behind the tag.
    secret: { type: 'string', minLength: 1 },
    port: { type: 'integer', minimum: 1, maximum: 65_535 },
    boolean: { type: 'boolean' },
    seconds: { type: 'number', exclusiveMinimum: 0 },
    method: { enum: ['sudo', 'su'] },
    checking: { enum: ['strict', 'accept-new', 'off', true, false] },
  };
  const vars = Object.fromEntries(
    connectionVariables.flatMap(({ name, also, kind, about }) =>
      [name, ...also].map((each) => [each, lenient({ ...kinds[kind], description: capital(about) })]),
    ),
  );
  const nothing: JsonObject = { type: 'null' };
  return {
    $schema: draft,
    title: 'An inventory of heal: inventory/hosts.yml',
    type: ['object', 'null'],
    additionalProperties: { $ref: '#/definitions/group' },
    definitions: {
      vars: { type: 'object', properties: vars },
      group: {
        anyOf: [
          nothing,
          {
            type: 'object',
            properties: {
              hosts: {
                description: 'Hosts by name, each with its variables; jack[1:3] are three.',
                anyOf: [
                  nothing,
                  {
                    type: 'object',
                    additionalProperties: { anyOf: [nothing, { $ref: '#/definitions/vars' }] },
                  },
                ],
              },
              children: {
                description: 'Groups below it.',
                anyOf: [nothing, { type: 'object', additionalProperties: { $ref: '#/definitions/group' } }],
              },
              vars: {
                description: 'Variables of all its hosts.',
                anyOf: [nothing, { $ref: '#/definitions/vars' }],
              },
            },
            additionalProperties: false,
          },
        ],
      },
    },
  };
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
