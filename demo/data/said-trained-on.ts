// What a file says that its network was trained on, which is not trusted; loaded with a file.

import { type NetworkConfig, type NetworkOptions, Vocabulary, type WindowShape, windowSize } from "../../src/index";
import { shown } from "./refusal";
import { type Ends, endsOf, nothing, type TrainedOn } from "./trained-on";

/**
 * What a file says that its network was trained on. Files from before they did are read where nothing is missing: of
 * networks that read a text, with its symbols, and of those that add.
 * @param about of a checkpoint, which is not trusted.
 * @throws where it does not say so, or it cannot be of such a network.
 */
export function trainedOn(about: unknown, network: NetworkConfig | NetworkOptions): TrainedOn {
  const ends = endsOf(network);
  const { trainedOn: said, symbols } = (about ?? {}) as { trainedOn?: Partial<TrainedOn>; symbols?: string[] };
  const answer = answerOf(ends);
  const legible = answer === "sum" || (answer === "character" && symbols !== undefined);
  const found = said ?? (legible ? { ...nothing, ...(symbols && { symbols }), answer } : undefined);
  if (!found) {
    const expected = "the symbols, classes and scale";
    throw new Error(`The file does not say what it was trained on, expected ${expected}; train and save it again.`);
  }
  const { input, inputs, outputs, encoder } = ends;
  const isScaled = answer === "class" && input === "features";
  const { scale } = found;
  const holds: Record<keyof TrainedOn, boolean> = {
    answer: found.answer === answer,
    symbols: areNames(found.symbols, encoder ?? (input === "tokens" ? inputs : 0)) && arePieces(found as TrainedOn),
    kind: found.kind === undefined || answer === "character",
    classes:
      areNames(found.classes, answer === "class" || answer === "date" ? outputs : 0) &&
      (answer !== "date" || inputs === outputs + 1),
    columns: areNames(found.columns),
    scale: isScaled
      ? areNumbers(scale?.mean, inputs) &&
        areNumbers(scale?.deviation, inputs) &&
        scale!.deviation.every((one) => one > 0)
      : scale === null,
    windows: answer === "forecast" ? areWindows(found.windows, inputs, outputs) : found.windows === undefined,
  };
  for (const [name, value] of Object.entries(holds)) {
    if (value) continue;
    const got = shown(found[name as keyof TrainedOn]);
    throw new Error(`The file has ${got} for "${name}", expected what its network was trained on; open another.`);
  }
  return found as TrainedOn;
}

function answerOf({ input, readout, loss = "cross-entropy", encoder }: Ends): TrainedOn["answer"] {
  if (encoder !== undefined) return "date";
  if (typeof loss === "object" && loss.name === "quantile") return "forecast";
  if (loss === "mean-squared-error") return "sum";
  if (readout === "last-step") return "class";
  return input === "tokens" ? "character" : "parity";
}

/** Whether they are such as a network of that size reads, with a scale for each column. */
function areWindows(windows: WindowShape | undefined, inputs: number, outputs: number): boolean {
  try {
    const size = windowSize(windows!);
    const { targets, features = [], known = [], scaler } = windows!;
    const isScale = (name: string) => areNumbers(Object.values(scaler?.columns[name] ?? {}), 2);
    return size.inputs === inputs && size.outputs === outputs && [...targets, ...features, ...known].every(isScale);
  } catch {
    return false;
  }
}

function arePieces({ symbols, kind = "characters" }: TrainedOn): boolean {
  try {
    return symbols.length === 0 || new Vocabulary(symbols, { kind }).size > 0;
  } catch {
    return false;
  }
}

function areNumbers(values: unknown, count: number): values is number[] {
  return Array.isArray(values) && values.length === count && values.every(Number.isFinite);
}

/** Whether they are texts, so many of them, and none twice where the number is given. */
function areNames(values: unknown, count?: number): values is string[] {
  if (!Array.isArray(values) || !values.every((value) => typeof value === "string")) return false;
  return count === undefined || (values.length === count && new Set(values).size === count);
}
