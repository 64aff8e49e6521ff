// Computes what a recorded model describes with the float64 reference.

import {
  type ReferenceForward,
  type ReferenceGradients,
  type ReferenceParameters,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
} from "../../src/index";
import { modelBatch } from "./model-batches";
import type { Model, ModelNetwork } from "./model-file";
import { toStateDict } from "./model-names";
import type { Computed } from "./recording";

type Initial = { initialState?: Float64Array; initialCellState?: Float64Array };

/** Everything that a recording expects, from the reference. */
export function computeModelOnReference(model: Model): Computed {
  const { networks, training } = model;
  const parameters = networks.map(parametersOf);
  const { runs, gradients } = pass(model, parameters);
  const [first] = runs;
  const last = runs.at(-1)!;
  const computed: Computed = new Map<string, ArrayLike<number>>([
    ["expected.logits", last.logits],
    ["expected.loss", [last.loss]],
    ["expected.final.h", first!.finalState],
    ["expected.final.c", first!.finalCellState],
    ["gradient.final.h", gradients.at(-1)!.initialState],
    ["gradient.final.c", gradients.at(-1)!.initialCellState],
  ]);
  const add = (what: string, values: readonly ReferenceParameters[]) => {
    for (const [name, data] of named(networks, values)) computed.set(`${what}.${name}`, data);
  };
  add(
    "gradient",
    gradients.map((of) => of.parameters),
  );
  if (!training) return computed;
  const update = updates(training);
  const losses: number[] = [];
  let carried: Initial = {};
  for (let step = 0; step < training.steps; step++) {
    const { runs, gradients } = pass(model, parameters, step, carried);
    losses.push(runs.at(-1)!.loss);
    update(
      joined(networks, parameters),
      joined(
        networks,
        gradients.map((of) => of.parameters),
      ),
    );
    if (training.carry) carried = endOf(runs[0]!);
  }
  computed.set("expected.losses", losses);
  add("after", parameters);
  return computed;
}

/** An encoder, which has no output layer, has one of zeros here. */
function parametersOf({ config, hasOutputs, parameters }: ModelNetwork): ReferenceParameters {
  const own = [...parameters].map(([name, { data }]) => [name, Float64Array.from(data)]);
  const { layers, readout } = config;
  const none = new Float64Array(layers.at(-1)!.hidden * readout.outputs);
  return { ...Object.fromEntries(own), ...(!hasOutputs && { outputWeight: none }) };
}

const endOf = ({ finalState, finalCellState }: ReferenceForward): Initial => ({
  initialState: finalState,
  initialCellState: finalCellState,
});

/** All networks forward, each from where the one before ended, and back, the gradients of states alike. */
function pass(model: Model, parameters: readonly ReferenceParameters[], step?: number, carried: Initial = {}) {
  const { networks, batch } = model;
  let initial = carried;
  const all = networks.map((network, i) => {
    const data = { ...modelBatch(model, network, step), ...initial, steps: network.steps, batch };
    const run = referenceForward(network.config, parameters[i]!, data);
    initial = endOf(run);
    return { network, data, run };
  });
  const gradients: ReferenceGradients[] = [];
  let from: Parameters<typeof referenceBackward>[4] = {};
  for (const [i, { network, data, run }] of [...all.entries()].reverse()) {
    const back = referenceBackward(network.config, parameters[i]!, data, run, from);
    from = { dFinalState: back.initialState, dFinalCellState: back.initialCellState };
    gradients.unshift(back);
  }
  return { runs: all.map(({ run }) => run), gradients };
}

/** An optimizer for each learning rate, over the parameters that have it. */
function updates({ optimizer: kind, rates }: NonNullable<Model["training"]>) {
  const distinct = [...new Set(rates.values())].filter((rate) => rate !== 0);
  const each = distinct.map((learningRate) => {
    const update = referenceOptimizer({ kind, learningRate });
    const of = (values: ReferenceParameters) =>
      Object.fromEntries(Object.entries(values).filter(([name]) => rates.get(name) === learningRate));
    return (parameters: ReferenceParameters, gradients: ReferenceParameters) => update(of(parameters), of(gradients));
  });
  return (parameters: ReferenceParameters, gradients: ReferenceParameters) => {
    for (const update of each) update(parameters, gradients);
  };
}

/** The values of all networks under one roof: the arrays themselves. */
const joined = (networks: readonly ModelNetwork[], values: readonly ReferenceParameters[]): ReferenceParameters =>
  Object.fromEntries(
    networks.flatMap(({ prefix }, i) => Object.entries(values[i]!).map(([name, data]) => [prefix + name, data])),
  );

/** By PyTorch's names. */
const named = (networks: readonly ModelNetwork[], values: readonly ReferenceParameters[]) =>
  networks.flatMap(({ prefix, config, hasOutputs }, i) => {
    const own = Object.entries(values[i]!).map(([name, data]) => [name, { data: Float32Array.from(data) }] as const);
    return [...toStateDict(config, hasOutputs, new Map(own))].map(([name, { data }]) => [prefix + name, data] as const);
  });
