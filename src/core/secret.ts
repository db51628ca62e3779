/**
 * A value that must never be shown. It prints as `***` in every string that contains it; only `reveal` returns it, and
 * only the code that sends it to the host may call that.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***';
  }
}

/** Replaces every known secret in a string with `***`. */
export type Mask = (text: string) => string;

/**
 * A mask for these secrets, also in their base64-, URL- or JSON-encoded forms. Values shorter than three characters
 * are not masked: this would mask most of the output and protect nothing.
 */
export function masker(secrets: Iterable<Secret>): Mask {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < 3) continue;
    const base64 = Buffer.from(value, 'utf8').toString('base64');
    for (const form of [value, base64, base64.replace(/=+$/, ''), encodeURIComponent(value)]) forms.add(form);
    forms.add(JSON.stringify(value).slice(1, -1));
    // A host prints a secret of several lines line by line.
    for (const line of value.split('\n')) if (line.trim().length >= 8) forms.add(line.trim());
  }
  const ordered = [...forms].filter((form) => form.length >= 3).sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((masked, form) => masked.replaceAll(form, '***'), text);
}
