// Builds an ONNX graph: operators one after the other, each output by a name of its own.

import type { Attribute, Constant, Graph, Node, Value } from "./model";

export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Constant>();
  /** What outputs of nodes are called begins with it, so that those of a graph within another have other names. */
  readonly #prefix: string;
  #count = 0;

  constructor(name: string, prefix = "") {
    this.#name = name;
    this.#prefix = prefix;
  }

  /** Adds an operator. @returns the name of its output. */
  add(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.addWith(1, type, inputs, attributes)[0]!;
  }

  /** Likewise of several outputs. */
  addWith(
    outputs: number | readonly string[],
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const names =
      typeof outputs === "number"
        ? Array.from({ length: outputs }, () => `${this.#prefix}${type}${this.#count++}`)
        : [...outputs];
    this.#nodes.push({ type, inputs, outputs: names, attributes });
    return names;
  }

  /** Gives a value a name of the graph's own: of an output. */
  rename(value: string, name: string): void {
    this.addWith([name], "Identity", [value]);
  }

  /** A tensor that the graph holds, once however often it is asked for. @returns its name. */
  constant(name: string, shape: readonly number[], data: Constant["data"]): string {
    const own = this.#prefix + name;
    if (!this.#constants.has(own)) this.#constants.set(own, { name: own, shape, data });
    return own;
  }

  /** Whole numbers, as axes and shapes are given. */
  integers(...values: number[]): string {
    return this.constant(`int64 ${values.join(" ")}`, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A number without dimensions. */
  number(value: number): string {
    return this.constant(`float32 ${value}`, [], Float32Array.of(value));
  }

  graph(inputs: readonly Value[], outputs: readonly Value[]): Graph {
    return { name: this.#name, nodes: this.#nodes, constants: [...this.#constants.values()], inputs, outputs };
  }
}
