import { HealError } from '../../core/errors.ts';
import type { Place } from '../../core/place.ts';
import type { Template, Value, Variables } from '../../core/playbook.ts';
import type { Layer } from './layer.ts';
import { joined } from './variables.ts';

/** A variable's value, if it is known without a run. */
export type Shown =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'pending'; readonly source: string }
  | { readonly kind: 'error'; readonly message: string };

/** A value with its origin. */
export interface Explained {
  readonly name: string;
  readonly shown: Shown;
  /** The origin: `group vps`, `defaults of web`. */
  readonly title: string;
  readonly at: Place;
  /** The overridden definitions, the strongest first. */
  readonly over: readonly Omit<Explained, 'name' | 'over'>[];
}

/** All variables of these layers (the weakest first) in alphabetical order. Secrets stay Secrets. */
export function explain(layers: readonly Layer[], variables: Variables): readonly Explained[] {
  return Object.keys(joined(layers))
    .sort()
    .flatMap((name) => {
      const [first, ...over] = layers
        .flatMap((layer) => {
          const template = Object.hasOwn(layer.vars, name) ? layer.vars[name] : undefined;
          return template === undefined
            ? []
            : [{ shown: shownOf(template, variables), title: layer.title, at: template.at }];
        })
        .reverse();
      // A role's own layer occurs twice if the whole play sees it.
      const others = over.filter(
        (one, index) => one.at !== first?.at && over.findIndex((two) => two.at === one.at) === index,
      );
      return first === undefined ? [] : [{ name, ...first, over: others }];
    });
}

function shownOf(template: Template, variables: Variables): Shown {
  try {
    const outcome = template.evaluate(variables);
    if (outcome.kind === 'value') return outcome;
    return { kind: 'pending', source: template.source ?? outcome.names.map((name) => `{{ ${name} }}`).join(' ') };
  } catch (error) {
    if (error instanceof HealError) return { kind: 'error', message: error.message };
    throw error;
  }
}
