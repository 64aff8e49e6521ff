// What the table of settings says of one: its kind, its range, where it has a meaning, and its words.

export type Group = "live" | "data" | "network" | "training" | "engine";

interface Common {
  label: string;
  hint?: string;
  /** It has a meaning only where that setting has one of these values; elsewhere its initial value holds. */
  only?: Condition;
  /** It has none where that setting has one of these values, or of several settings one. */
  except?: Condition | readonly Condition[];
  /** Why it has none there. */
  why?: string;
  /** What differs on the command line; false: it is of a page alone. */
  terminal?: OnCommandLine | false;
}

export type Condition = readonly [setting: string, ...values: unknown[]];

/** The conditions under which a setting has no meaning. */
export const exceptionsOf = ({ except = [] }: Pick<Common, "except">): readonly Condition[] =>
  typeof except[0] === "string" ? [except as Condition] : (except as readonly Condition[]);

export interface OnCommandLine {
  /** Its option, unless that is its name with hyphens. */
  option?: string;
  /** In place of label and hint. */
  help?: string;
  initial?: string;
  least?: number;
  most?: number;
  /** It is always there, also where it may be left out elsewhere. */
  needed?: true;
}

export interface NumberField extends Common {
  kind: "number" | "integer";
  initial: number | undefined;
  least: number;
  most: number;
  /** It may be left out, undefined: what happens then. */
  without?: string;
  /** The setting that has to be a multiple of it. */
  divides?: string;
}

export interface ChoiceField extends Common {
  kind: "choice";
  initial: string;
  /** What may be chosen, and how a form calls it. */
  choices: Readonly<Record<string, string | { label: string }>>;
  /** Other words for some of them. */
  aliases?: Readonly<Record<string, string>>;
}

interface SwitchField extends Common {
  kind: "switch";
  initial: boolean;
}

interface TextField extends Common {
  kind: "text";
  initial: string;
  longest: number;
}

export type Field = NumberField | ChoiceField | SwitchField | TextField;

/** What a setting's values are. */
export type ValueOf<F> = F extends { kind: "choice"; choices: infer Choices }
  ? keyof Choices & string
  : F extends { kind: "switch" }
    ? boolean
    : F extends { kind: "text" }
      ? string
      : F extends { without: string }
        ? number | undefined
        : number;

/** How a form calls a choice. */
export function labelOf({ choices }: ChoiceField, word: string): string {
  const choice = choices[word]!;
  return typeof choice === "string" ? choice : choice.label;
}
