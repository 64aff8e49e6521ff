// What is checked of a network however it is said.

import { cellNames, cellOf, type NamedCell, nameOfCell } from "../cells/cells";
import { shown, TempogradError } from "../errors";
import type { CrossEntropyOptions } from "../losses/cross-entropy";
import type { Loss, LossName } from "../losses/loss";
import { architectureOf, type Parts, type ShortForm } from "../parts/architecture";
import type { Layer } from "../parts/layers";
import { expectSeed, expectWord, isBetween, listed } from "./expect";

export interface Beginning {
  /**
   * How W and V begin: uniform in ±1/√hidden, as PyTorch has it, or as Glorot and Bengio (2010) have it, with biases of
   * zero. Default "uniform".
   */
  initializer?: "uniform" | "glorot";
  /** How U begins, gate by gate: like W, or orthogonal (Saxe et al. 2014). Default "uniform". */
  recurrentInitializer?: "uniform" | "glorot" | "orthogonal";
}

const beginnings = {
  initializer: ["uniform", "glorot"],
  recurrentInitializer: ["uniform", "glorot", "orthogonal"],
} as const;

const lossNames = ["cross-entropy", "mean-squared-error"];

/** @throws unless weights can begin as is said, from a seed. */
export function expectBeginnings(config: (Parts | ShortForm) & Beginning): void {
  const { initializer = "uniform", recurrentInitializer = "uniform", seed } = config;
  expectWord("Network", "initializer", initializer, beginnings.initializer);
  expectWord("Network", "recurrentInitializer", recurrentInitializer, beginnings.recurrentInitializer);
  expectSeed("Network", seed);
  const { layers, encoder } = architectureOf(config);
  for (const layer of [...layers, ...(encoder?.layers ?? [])]) expectInitializer(recurrentInitializer, layer);
}

/** @throws unless U is such that it can begin so. */
function expectInitializer(initializer: string, layer: Layer): void {
  if (initializer === "uniform") return;
  const name = nameOfCell(layer);
  if (cellOf(layer).recurrent !== "full") {
    throw new TempogradError(
      "option",
      `Network: recurrentInitializer is "${initializer}" for cell "${name}", expected "uniform"; units of that cell do not meet, so that it has no matrix U: leave it out.`,
    );
  }
  if (initializer === "orthogonal" && layer.projection !== undefined) {
    throw new TempogradError(
      "option",
      `Network: recurrentInitializer is "orthogonal" for cell "${name}" whose h is projected, expected "uniform" or "glorot"; its U is not square: leave it out.`,
    );
  }
}

/** @throws unless a forget gate is there to take the bias. */
export function expectForgetBias(cell: NamedCell, forgetBias: unknown): void {
  if (forgetBias !== undefined && cellOf(cell).forgetGate === undefined) {
    throw new TempogradError(
      "option",
      `Network: forgetBias is ${shown(forgetBias)} for cell "${nameOfCell(cell)}", expected none; that cell has no forget gate: leave it out.`,
    );
  }
  if (forgetBias !== undefined && !Number.isFinite(forgetBias)) {
    throw new TempogradError("option", `Network: forgetBias is ${shown(forgetBias)}, expected a finite number.`);
  }
}

/** One of the library's, by name, or one that `defineCell` made, which must not be called as one of those is: in files they are names. */
export function expectCell(cell: unknown): void {
  if (typeof cell !== "object" || cell === null || !("gpu" in cell) || !("name" in cell)) {
    expectWord("Network", "cell", cell, cellNames);
  } else if (cellNames.some((name) => name === cell.name)) {
    throw new TempogradError(
      "option",
      `Network: the cell that was defined is called "${cell.name}", as the library's own; give it another name, or pass cell: "${cell.name}".`,
    );
  }
}

/** By name, or one that is none of those. */
export function expectLoss(loss: LossName | Loss, outputs: number): void {
  if (typeof loss !== "object" || loss === null || !("targets" in loss) || !("name" in loss)) {
    const got = typeof loss === "function" ? "a function: call it" : shown(loss);
    const words = lossNames.map((name) => `"${name}"`).join(" or ");
    if (!lossNames.some((name) => name === loss)) {
      throw new TempogradError(
        "option",
        `Network: loss is ${got}, expected ${words}, or what one of defineLoss answers.`,
      );
    }
  } else if (loss.targets === "classes") {
    expectClasses(loss, outputs);
  } else if (loss.targets === "values" && outputs % loss.period !== 0) {
    throw new TempogradError(
      "option",
      `Network: outputs is ${outputs}, expected a multiple of ${loss.period}, after which the options of ${loss.toJSON()} begin anew.`,
    );
  } else if (loss.targets === "values" && lossNames.some((name) => name === loss.name) && loss.toJSON() !== loss.name) {
    throw new TempogradError(
      "option",
      `Network: the loss that was defined is called "${loss.name}", as the library's own; give it another name, or pass loss: "${loss.name}".`,
    );
  }
}

export function expectClasses({ labelSmoothing, classWeights }: CrossEntropyOptions, outputs: number): void {
  if (!isBetween(labelSmoothing, 0, 1)) {
    throw new TempogradError(
      "option",
      `Network: labelSmoothing is ${shown(labelSmoothing)}, expected a number from 0 to 1.`,
    );
  }
  if (classWeights === undefined) return;
  const weights: unknown = classWeights;
  if (!Array.isArray(weights) || weights.length !== outputs || !weights.every((weight) => isBetween(weight, 0, 1e30))) {
    throw new TempogradError(
      "option",
      `Network: classWeights is ${Array.isArray(weights) ? listed(weights) : shown(weights)}, expected an array of ${outputs} numbers from 0 up, one an output.`,
    );
  }
}
