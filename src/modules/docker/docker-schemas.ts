/** The name of a container, in the format that Docker allows. */
export const containerName = {
  type: 'string',
  pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]*$',
  description: 'Name of a container.',
} as const;
