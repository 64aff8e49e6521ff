// What an operator of a foreign graph is given, asked for by what it has to be.

import type { Node } from "./model";
import { refuseNode } from "./refuse";
import type { Integers, Numbers, Value } from "./values";

/** @returns its outputs, or its only one */
export type NodeReader = (of: Operands) => Value | readonly Value[];

export class Operands {
  readonly node: Node;
  readonly opset: number;
  readonly #values: ReadonlyMap<string, Value>;

  constructor(node: Node, opset: number, values: ReadonlyMap<string, Value>) {
    this.node = node;
    this.opset = opset;
    this.#values = values;
  }

  isGiven(index: number): boolean {
    return (this.node.inputs[index] ?? "") !== "";
  }

  /** @throws where it is not there, or not understood */
  value(index: number): Value {
    const name = this.node.inputs[index] ?? "";
    const value = this.#values.get(name);
    if (!value) return refuseNode(this.node, `reads ${JSON.stringify(name)}`, "a value that stands before it");
    if (value.kind === "refused") throw value.error;
    return value;
  }

  integers(index: number): Integers {
    const value = this.value(index);
    return value.kind === "integers" ? value : this.notOf(value);
  }

  numbers(index: number): Numbers {
    const value = this.value(index);
    return value.kind === "numbers" ? value : this.notOf(value);
  }

  /** Integers, none of which is the size of an axis that is free. */
  known({ data }: Integers): number[] {
    return data.map((size) =>
      typeof size === "number" ? size : refuseNode(this.node, "is given a free size", "one that is known"),
    );
  }

  number(attribute: string): number | undefined {
    const value = this.node.attributes?.[attribute];
    return typeof value === "number" ? value : undefined;
  }

  /** Numbers of an attribute. */
  list(attribute: string): readonly number[] | undefined {
    const value = this.node.attributes?.[attribute];
    return Array.isArray(value) ? value.map(Number) : undefined;
  }

  /** Integers of an input or, as in earlier sets of operators, of an attribute. */
  sizes(attribute: string, input: number): readonly number[] | undefined {
    return this.isGiven(input) ? this.known(this.integers(input)) : this.list(attribute);
  }

  /** Likewise. @throws where there are none. */
  givenSizes(attribute: string, input: number): readonly number[] {
    return this.sizes(attribute, input) ?? refuseNode(this.node, `has no ${attribute}`, "them");
  }

  /** Those that it is given as `axes`, from 0 up. */
  axes(rank: number): number[] | undefined {
    const said = this.sizes("axes", 1);
    return said && this.normal(said, rank);
  }

  normal(axes: readonly number[], rank: number): number[] {
    return axes.map((axis) => {
      const at = axis < 0 ? axis + rank : axis;
      return at >= 0 && at < rank ? at : refuseNode(this.node, `names axis ${axis}`, `one of ${rank}`);
    });
  }

  rank(value: Value): number {
    if (value.kind === "numbers" || value.kind === "integers") return value.shape.length;
    if (value.kind === "signal") return value.axes.length;
    return value.kind === "joined" ? value.parts[0]!.axes.length : this.notOf(value);
  }

  /** @throws always: an operator does nothing of the network to such a value */
  notOf(value: Value): never {
    const names = {
      ...{
        numbers: "numbers that the model holds",
        integers: "sizes or integers",
        zeros: "zeros",
        refused: "such a value",
      },
      ...{ signal: "what the network computes", joined: "several values joined" },
    };
    return refuseNode(this.node, `is of ${names[value.kind]}`, "what recurrent layers are read by");
  }
}
