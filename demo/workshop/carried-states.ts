// The states that a training on the processor carries from one batch to the next, and what files call them.

import {
  type ReferenceBatch,
  type ReferenceForward,
  type ReferenceParameters,
  referenceForward,
  type UniformConfig,
} from "../../src/index";

export class CarriedStates {
  /** h of all layers, then what their cells keep beside it. */
  readonly names: readonly string[];
  /** Of each, [B, H]. */
  readonly shape: readonly [number, number];
  /** One after the other. */
  #all: Float64Array;
  readonly #layers: number;

  /** Zeros. */
  constructor(config: UniformConfig, parameters: ReferenceParameters, batch: number) {
    const { hidden, layers } = config;
    const nothing = { inputs: new Int32Array(batch), targets: new Int32Array(batch).fill(-1) };
    const run = referenceForward(config, parameters, { ...nothing, steps: 1, batch }); // which knows how many there are
    const beside = run.finalCellState.length / run.finalState.length;
    const of = Array.from({ length: layers }, (_, layer) => `layer${layer}.`);
    const cells = Array.from({ length: beside }, (_, i) => `cell${i > 0 ? i : ""}`);
    this.names = [...of.map((layer) => `${layer}hidden`), ...of.flatMap((layer) => cells.map((name) => layer + name))];
    this.shape = [batch, hidden];
    this.#layers = layers;
    this.#all = new Float64Array(this.names.length * batch * hidden);
  }

  /** What the next batch begins with. */
  get next(): Required<Pick<ReferenceBatch, "initialState" | "initialCellState">> {
    const [batch, hidden] = this.shape;
    const at = this.#layers * batch * hidden;
    return { initialState: this.#all.subarray(0, at), initialCellState: this.#all.subarray(at) };
  }

  keep({ finalState, finalCellState }: ReferenceForward): void {
    this.all = [finalState, finalCellState];
  }

  /** In the order of their names. */
  get all(): Float64Array[] {
    const [batch, hidden] = this.shape;
    return this.names.map((_, i) => this.#all.slice(i * batch * hidden, (i + 1) * batch * hidden));
  }

  set all(states: readonly Float64Array[]) {
    let at = 0;
    for (const values of states) {
      this.#all.set(values, at);
      at += values.length;
    }
  }
}
