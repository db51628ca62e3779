/** The values of `--tags` and `--skip-tags`. */
export interface TagChoice {
  readonly tags: readonly string[];
  readonly skip: readonly string[];
}

/** Splits the values of the flags: `--tags a,b --tags c`. */
export function tagChoice(tags: readonly string[], skip: readonly string[]): TagChoice {
  const split = (texts: readonly string[]): string[] =>
    texts
      .flatMap((text) => text.split(','))
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '');
  return { tags: split(tags), skip: split(skip) };
}

/**
 * Whether a task with these tags (its own and those of its role and play) runs, as in Ansible: `always` runs unless
 * skipped by name, `never` only if another of its tags is requested; `--tags` supports `all`, `tagged` and `untagged`.
 */
export function isSelected(tags: readonly string[], choice: TagChoice): boolean {
  return wanted(tags, choice.tags) && !skipped(tags, choice.skip);
}

function wanted(tags: readonly string[], asked: readonly string[]): boolean {
  const never = tags.includes('never');
  const named = asked.some((tag) => tags.includes(tag));
  if (named) return true;
  if (tags.includes('always')) return !never;
  if (never) return false;
  if (asked.length === 0 || asked.includes('all')) return true;
  if (asked.includes('tagged') && tags.length > 0) return true;
  return asked.includes('untagged') && tags.length === 0;
}

function skipped(tags: readonly string[], skip: readonly string[]): boolean {
  if (skip.some((tag) => tags.includes(tag))) return true;
  const always = tags.includes('always');
  if (skip.includes('all')) return !always;
  if (skip.includes('tagged') && tags.length > 0) return !always;
  return skip.includes('untagged') && tags.length === 0;
}
