// What is seen at a glance to be right. Only what is not is checked option by option, by modules that are loaded then: they
// know more, and have much to say.

import { type CellName, cellNames, choicesOf } from "../cells/cells";
import { mostLayers } from "../parts/architecture";
import type { UniformConfig, UniformOptions } from "./config";
import type { PassOptions } from "./pass-options";

const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const isSwitch = (value: unknown): boolean => typeof value === "boolean";
const isOneOf =
  (...words: readonly unknown[]) =>
  (value: unknown): boolean =>
    words.includes(value);

/** What plain options of a network may be, by name: those that have to be given, and others. */
const needed: Readonly<Record<string, (value: unknown) => boolean>> = {
  cell: isOneOf(...cellNames),
  ...{ inputs: isSize, hidden: isSize, outputs: isSize },
  input: isOneOf("tokens", "features"),
  readout: isOneOf("every-step", "last-step"),
};
const others: typeof needed = {
  layers: (value) => isSize(value) && (value as number) <= mostLayers,
  bidirectional: isSwitch,
  loss: isOneOf("cross-entropy", "mean-squared-error"),
  seed: (value) => value === 0 || (isSize(value) && (value as number) < 2 ** 32),
};
const known = { ...needed, ...others };

/** What a network is made with unless it is said, whether by its parts or in the short form. */
export const ofAny = {
  loss: "cross-entropy",
  initializer: "uniform",
  recurrentInitializer: "uniform",
  seed: 1,
} as const;

/** Of the short form. */
export const defaults = { ...ofAny, layers: 1, bidirectional: false, labelSmoothing: 0, dropout: 0 } as const;

/** Those of its cell too. @param options of which the cell is one */
export function completed(options: UniformOptions): UniformConfig {
  const ofCell = Object.entries(choicesOf(options)).map(([name, [first]]) => [name, first]);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...defaults, ...Object.fromEntries([...ofCell, ...given]) });
}

/** What `networkConfig` makes of options, where they are plain. */
export function plainConfig(options: unknown): UniformConfig | undefined {
  const given = Object.entries(options ?? {});
  const plain =
    given.every(([name, value]) => Object.hasOwn(known, name) && known[name]!(value)) &&
    Object.keys(needed).every((name) => given.some(([other]) => other === name));
  return plain ? completed(options as UniformOptions & { cell: CellName }) : undefined;
}

/** Whether `checkPassOptions` has nothing to say of options, of a network without an encoder. */
export function isPlainPass(options: PassOptions): boolean {
  const { steps, batch, lossCapacity = 1, gradients = false, training = false, ...more } = options;
  const {
    weights = false,
    initialState = false,
    carryState = false,
    joined = false,
    ownInputs = false,
    ...others
  } = more;
  const { sourceSteps, schedule, checkpointEvery, ...unusual } = others;
  return (
    [steps, batch, lossCapacity].every(isSize) &&
    [gradients, training].every(isSwitch) &&
    [weights, initialState, carryState, joined, ownInputs].every((asked) => asked === false) &&
    [sourceSteps, schedule, checkpointEvery].every((given) => given === undefined) &&
    Object.keys(unusual).length === 0
  );
}
