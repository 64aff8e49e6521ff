// What a forward pass keeps for the way back, and what is computed again there: whichever moves fewer numbers.

import { type Expression, expectExpression } from "./expression";
import { type Expressions, nodesBelow, traceOf } from "./graph";
import { FlowNetwork } from "./minimum-cut";
import { namer, take } from "./names";
import { definitionOf, isOperation } from "./operations";
import { wgslNames } from "./wgsl-functions";

/** What `keptValues` answers. Backward computes all else from `kept` and `read`. */
export interface Kept {
  /** What forward stores and backward reads, in the order in which forward computes it. Its name is of no output and of nothing available. */
  readonly kept: readonly { readonly name: string; readonly value: Expression }[];
  /** What backward reads of what is in memory anyway. */
  readonly read: readonly Expression[];
  /** Reads and writes of one unit: of `kept` two each, of `read` what each costs. */
  readonly cost: number;
}

const keepCost = 2; // a write forward, a read backward
const costSteps = 64; // costs are counted in 64ths, so that they add up exactly

/**
 * Chooses the values that cost the fewest reads and writes, as a minimum cut between what the backward pass does not have
 * and what it gives. Among equals it takes fewer kept values, then the least arithmetic in both passes, then what comes
 * first in the equations. (Arithmetic that forward does for a kept value alone counts without that of its operands.)
 *
 * @param forward what the forward pass computes
 * @param backward what the backward pass computes, of values of `forward` and of inputs that it alone has (gradients)
 * @param available what the backward pass can read at a cost, in reads: inputs, and values that forward stores in any case
 *   (states); 0 for what it has in registers. A cost is counted to 1/64.
 * @throws where a cost is not 0 or more, or backward needs an input that forward does not have and that is not available.
 */
export function keptValues(
  forward: Expressions,
  backward: Expressions,
  available: ReadonlyMap<Expression, number>,
): Kept {
  traceOf("keptValues", { ...forward, ...Object.fromEntries(Object.entries(backward).map(([k, v]) => [`${k} `, v])) });
  for (const [value, cost] of available) {
    expectExpression("keptValues: available", value);
    if (!(cost >= 0 && cost < Number.POSITIVE_INFINITY)) {
      throw new Error(`keptValues: reading ${value} costs ${cost}, expected 0 or more; pass a number of reads.`);
    }
  }
  const results = new Set(Object.values(backward));
  const computedForward = new Set(nodesBelow(Object.values(forward)));
  const nodes = nodesBelow(results).filter(({ operation }) => operation !== "constant");
  const knownForward = new Set<Expression>(); // what does not hang on inputs that backward alone has
  for (const node of nodes) {
    if (node.operation === "input" ? computedForward.has(node) : operandsOf(node).every((o) => knownForward.has(o))) {
      knownForward.add(node);
    } else if (node.operation === "input" && !available.has(node)) {
      throw new Error(
        `keptValues: the backward pass needs ${node}, which forward does not have, expected it in available; add it with its cost.`,
      );
    }
  }

  // Lexicographic: memory before the number of kept values, before arithmetic.
  const keptWeight = 1 + 2 * nodes.reduce((sum, node) => sum + workOf(node), 0);
  const memoryWeight = keptWeight * (1 + nodes.length);
  const inMemory = (cost: number) => Math.round(cost * costSteps) * memoryWeight;
  const keepingOf = (node: Expression) =>
    knownForward.has(node)
      ? inMemory(keepCost) + keptWeight + (computedForward.has(node) ? 0 : workOf(node))
      : Number.POSITIVE_INFINITY;
  const readingOf = (node: Expression) => {
    const cost = available.get(node);
    return cost === undefined ? Number.POSITIVE_INFINITY : inMemory(cost);
  };

  const network = new FlowNetwork();
  const [source, sink] = [0, 1];
  const wanted = new Map(nodes.map((node, index) => [node, 2 + 2 * index])); // its numbers: wanted, and next to it had
  const had = (node: Expression) => wanted.get(node)! + 1;
  for (const node of nodes) {
    network.connect(wanted.get(node)!, had(node), Math.min(readingOf(node), keepingOf(node)));
    const isInput = node.operation === "input";
    network.connect(source, wanted.get(node)!, isInput ? Number.POSITIVE_INFINITY : workOf(node)); // computed again
    for (const operand of operandsOf(node)) network.connect(had(operand), wanted.get(node)!, Number.POSITIVE_INFINITY);
    if (results.has(node)) network.connect(had(node), sink, Number.POSITIVE_INFINITY);
  }
  const sourceSide = network.cut(source, sink);

  const cut = new Set(nodes.filter((node) => sourceSide.has(wanted.get(node)!) && !sourceSide.has(had(node))));
  const ends = nodesBelow(results, cut).filter((node) => cut.has(node));
  const isRead = (node: Expression) => readingOf(node) <= keepingOf(node);
  const nameOf = namer(nodesBelow([...Object.values(forward), ...results]));
  const outputNames = new Map(Object.entries(forward).map(([name, node]) => [node, name]));
  const others = [...available.keys()].flatMap(({ name }) => name ?? []);
  const taken = new Set([...Object.keys(forward), ...Object.keys(backward), ...others, ...wgslNames]);
  const kept = ends
    .filter((node) => !isRead(node))
    .map((value) => ({ name: outputNames.get(value) ?? take(taken, nameOf(value)), value }));
  const read = ends.filter(isRead);
  const cost = read.reduce((sum, node) => sum + available.get(node)!, keepCost * kept.length);
  return { kept, read, cost };
}

const operandsOf = ({ operands }: Expression) => operands.filter(({ operation }) => operation !== "constant");

const workOf = ({ operation }: Expression) => (isOperation(operation) ? definitionOf(operation).work : 0);
