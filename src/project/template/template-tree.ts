import type { Place } from '../../core/place.ts';
import type { Value } from '../../core/playbook.ts';

/** The start of an expression. */
export type Root =
  | { readonly kind: 'variable'; readonly name: string }
  /** `this`, `..` or a property of an item: `depth` contexts up from the present one. */
  | { readonly kind: 'context'; readonly depth: number }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'data'; readonly name: string; readonly depth: number };

export interface Path {
  readonly kind: 'path';
  readonly at: number;
  readonly shown: string;
  readonly root: Root;
  readonly members: readonly { readonly name: string; readonly at: number }[];
}

export interface Call {
  readonly kind: 'call';
  readonly at: number;
  readonly helper: string;
  readonly args: readonly Expression[];
  readonly hash: Readonly<Record<string, Expression>>;
}

export type Expression = { readonly kind: 'literal'; readonly at: number; readonly value: Value } | Path | Call;

/** A part of a template, in the order of the output. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly expression: Expression }
  | {
      readonly kind: 'if' | 'unless' | 'with' | 'each';
      readonly subject: Expression;
      readonly includeZero: boolean;
      readonly params: readonly string[];
      readonly body: readonly Piece[];
      readonly otherwise: readonly Piece[];
    };

/** A variable's name in a template or condition. */
export interface Reference {
  readonly name: string;
  readonly at: Place;
  /** True inside `default`, which accepts an undefined one. */
  readonly optional: boolean;
}

/** A parsed template; offsets count characters of its text. */
export interface Syntax {
  readonly pieces: readonly Piece[];
  readonly references: readonly Reference[];
}
