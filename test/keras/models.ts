// Models as Keras writes them down, and what Keras computes of them by the formulas of its documentation, in float64.

import type { Variable } from "../../demo/soak/keras-file";
import { numbers } from "../numbers";

/** A layer of Keras: its class, and the options that are not Keras' own. */
export interface LayerSpec {
  kind: string;
  name?: string;
  options?: Record<string, unknown>;
  /** Of a wrapper. */
  layer?: LayerSpec;
}

const keras = (kind: string, config: object, module = "keras.layers") => ({
  ...{ module, class_name: kind, config, registered_name: null },
});
const float32 = keras("DTypePolicy", { name: "float32" }, "keras");
const drawn = (kind: string) => keras(kind, { seed: null }, "keras.initializers");
const unset = (...names: string[]) => Object.fromEntries(names.map((name) => [name, null]));

const ofRecurrent = {
  ...{ return_sequences: false, return_state: false, go_backwards: false, stateful: false, unroll: false },
  ...{ zero_output_for_mask: false, units: 4, activation: "tanh", use_bias: true },
  ...{ kernel_initializer: drawn("GlorotUniform"), recurrent_initializer: drawn("Orthogonal") },
  ...{ bias_initializer: keras("Zeros", {}, "keras.initializers"), dropout: 0, recurrent_dropout: 0 },
  ...unset("kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer"),
  ...unset("kernel_constraint", "recurrent_constraint", "bias_constraint", "seed"),
};

/** What Keras writes of each layer where nothing else is said. */
const defaults: Readonly<Record<string, object>> = {
  InputLayer: { sparse: false, ragged: false },
  Embedding: {
    ...{ embeddings_initializer: drawn("RandomUniform"), mask_zero: false },
    ...unset("embeddings_regularizer", "activity_regularizer", "embeddings_constraint", "quantization_config"),
  },
  LSTM: { ...ofRecurrent, recurrent_activation: "sigmoid", unit_forget_bias: true },
  GRU: { ...ofRecurrent, recurrent_activation: "sigmoid", reset_after: true },
  SimpleRNN: ofRecurrent,
  Bidirectional: { merge_mode: "concat" },
  Dense: {
    ...{ activation: "linear", use_bias: true, kernel_initializer: drawn("GlorotUniform") },
    ...unset("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint", "quantization_config"),
  },
  Dropout: { rate: 0.2, ...unset("seed", "noise_shape") },
};

const nameOf = ({ name, kind }: LayerSpec) => name ?? kind.toLowerCase();

function configOf(spec: LayerSpec): object {
  const { kind, options, layer } = spec;
  const own = { name: nameOf(spec), trainable: true, dtype: float32, ...defaults[kind], ...options };
  if (!layer) return keras(kind, own);
  const named = (direction: string) => ({ ...layer, name: `${direction}${nameOf(layer)}` });
  if (kind !== "Bidirectional") return keras(kind, { ...own, layer: configOf(layer) });
  const back = { ...named("backward_"), options: { ...layer.options, go_backwards: true } };
  return keras(kind, { ...own, layer: configOf(named("forward_")), backward_layer: configOf(back) });
}

/** config.json of a Sequential model. */
export const sequential = (layers: readonly LayerSpec[], more: object = {}) => ({
  ...keras(
    "Sequential",
    { name: "sequential", trainable: true, dtype: float32, layers: layers.map(configOf) },
    "keras",
  ),
  ...{ build_config: { input_shape: [null, null, 3] }, ...more },
});

/** config.json of a Functional one, of one chain. */
export function functional(
  layers: readonly LayerSpec[],
  change: (layers: Record<string, unknown>[]) => void = () => {},
) {
  const names = layers.map(nameOf);
  const linked = layers.map((layer, i) => ({
    ...configOf(layer),
    name: names[i],
    inbound_nodes:
      i === 0
        ? []
        : [
            {
              args: [
                keras("__keras_tensor__", { shape: [null], dtype: "float32", keras_history: [names[i - 1], 0, 0] }),
              ],
              kwargs: { training: false, mask: null },
            },
          ],
  }));
  change(linked);
  const ends = { input_layers: [[names[0], 0, 0]], output_layers: [[names.at(-1), 0, 0]] };
  return keras(
    "Functional",
    { name: "functional", trainable: true, layers: linked, ...ends },
    "keras.src.models.functional",
  );
}

const gates: Readonly<Record<string, number>> = { LSTM: 4, GRU: 3, SimpleRNN: 1 };

const option = <T>({ kind, options }: LayerSpec, name: string): T => ({ ...defaults[kind], ...options })[name] as T;

/** Variables of all layers, at the paths that Keras 3 has for them. @param width of what the first one reads */
export function variablesOf(layers: readonly LayerSpec[], width = 3): Map<string, Variable> {
  const found = new Map<string, Variable>();
  const counts: Record<string, number> = {};
  let seed = 1;
  let below = width;
  const add = (path: string, ...shapes: number[][]) => {
    for (const [i, shape] of shapes.entries()) {
      const count = shape.reduce((product, size) => product * size, 1);
      found.set(`layers/${path}/vars/${i}`, { shape, data: numbers(count, seed++) });
    }
  };
  const addRecurrent = (path: string, spec: LayerSpec) => {
    const units = option<number>(spec, "units");
    const columns = gates[spec.kind]! * units;
    const isTwo = spec.kind === "GRU" && option(spec, "reset_after");
    const biases = option(spec, "use_bias") ? [isTwo ? [2, columns] : [columns]] : [];
    add(`${path}/cell`, [below, columns], [units, columns], ...biases);
    return units;
  };
  for (const spec of layers) {
    const { kind, layer = spec } = spec;
    const stem = { SimpleRNN: "simple_rnn", TimeDistributed: "time_distributed" }[kind] ?? kind.toLowerCase();
    const count = counts[stem] ?? 0;
    counts[stem] = count + 1;
    const path = count === 0 ? stem : `${stem}_${count}`;
    if (kind === "Embedding") {
      const shape = [option<number>(spec, "input_dim"), option<number>(spec, "output_dim")];
      add(path, shape);
      below = shape[1]!;
    } else if (kind === "Bidirectional") {
      addRecurrent(`${path}/forward_layer`, layer);
      below = 2 * addRecurrent(`${path}/backward_layer`, layer);
    } else if (gates[kind]) below = addRecurrent(path, spec);
    else if (layer.kind === "Dense") {
      const units = option<number>(layer, "units");
      const own = spec === layer ? path : `${path}/layer`;
      add(own, [below, units], ...(option(layer, "use_bias") ? [[units]] : []));
      below = units;
    }
  }
  return found;
}

type Vector = readonly number[];

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));

/** x·M, from column `from` on. */
const times = (x: Vector, { shape, data }: Variable, from = 0, count = shape[1]!): number[] =>
  Array.from({ length: count }, (_, j) =>
    x.reduce((sum, value, i) => sum + value * data[i * shape[1]! + from + j]!, 0),
  );

const plus = (...all: Vector[]): number[] => all[0]!.map((_, j) => all.reduce((sum, one) => sum + one[j]!, 0));

/** h after every step. Source: keras.layers.LSTM, GRU and SimpleRNN. */
function recurrent(spec: LayerSpec, [kernel, own, bias]: Variable[], steps: readonly Vector[]): Vector[] {
  const units = option<number>(spec, "units");
  const columns = kernel!.shape[1]!;
  const biases = [0, 1].map((row) =>
    Array.from({ length: columns }, (_, j) =>
      bias && (row === 0 || bias.shape.length === 2) ? bias.data[row * columns + j]! : 0,
    ),
  );
  let h: Vector = Array(units).fill(0);
  let c: Vector = h;
  const block = (of: Vector, gate: number) => of.slice(gate * units, (gate + 1) * units);
  return steps.map((x) => {
    const ofInput = plus(times(x, kernel!), biases[0]!);
    const a = plus(ofInput, times(h, own!), biases[1]!);
    if (spec.kind === "SimpleRNN") {
      h = a.map((value) => (option(spec, "activation") === "relu" ? Math.max(value, 0) : Math.tanh(value)));
    } else if (spec.kind === "LSTM") {
      const [i, f, , o] = [0, 1, 2, 3].map((gate) => block(a, gate).map(sigmoid));
      const candidate = block(a, 2).map(Math.tanh);
      c = candidate.map((value, j) => f![j]! * c[j]! + i![j]! * value);
      h = c.map((value, j) => o![j]! * Math.tanh(value));
    } else {
      const [z, r] = [0, 1].map((gate) => block(a, gate).map(sigmoid));
      const past = option(spec, "reset_after")
        ? plus(times(h, own!, 2 * units, units), block(biases[1]!, 2)).map((value, j) => r![j]! * value)
        : times(
            h.map((value, j) => r![j]! * value),
            own!,
            2 * units,
            units,
          );
      const candidate = plus(block(ofInput, 2), past).map(Math.tanh);
      h = candidate.map((value, j) => z![j]! * h[j]! + (1 - z![j]!) * value);
    }
    return h;
  });
}

/** What Keras predicts of one sequence: tokens, or features of each step. */
export function kerasPredicts(
  layers: readonly LayerSpec[],
  all: ReadonlyMap<string, Variable>,
  inputs: readonly (number | Vector)[],
): Vector[] {
  const left = [...all.values()];
  let steps: (number | Vector)[] = [...inputs];
  for (const spec of layers) {
    const { kind, layer = spec } = spec;
    const given = steps as Vector[];
    if (kind === "Embedding") {
      const [{ data, shape }] = left.splice(0, 1) as [Variable];
      steps = (steps as number[]).map((token) => [...data.slice(token * shape[1]!, (token + 1) * shape[1]!)]);
    } else if (gates[layer.kind]) {
      const take = () => left.splice(0, option(layer, "use_bias") ? 3 : 2);
      const forward = recurrent(layer, take(), given);
      const isEvery = option(layer, "return_sequences");
      if (kind === "Bidirectional") {
        const backward = recurrent(layer, take(), [...given].reverse());
        steps = isEvery
          ? forward.map((h, t) => [...h, ...backward[given.length - 1 - t]!])
          : [[...forward.at(-1)!, ...backward.at(-1)!]];
      } else steps = isEvery ? forward : [forward.at(-1)!];
    } else if (layer.kind === "Dense") {
      const [kernel, bias] = left.splice(0, option(layer, "use_bias") ? 2 : 1);
      steps = given.map((h) => {
        const o = times(h, kernel!);
        return activated(option(layer, "activation"), bias ? plus(o, [...bias.data]) : o);
      });
    } else if (kind === "Activation") steps = given.map((o) => activated(option(spec, "activation"), o));
  }
  return steps as Vector[];
}

function activated(activation: string, o: Vector): Vector {
  if (activation === "sigmoid") return o.map(sigmoid);
  if (activation !== "softmax") return o;
  const weights = o.map(Math.exp);
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}
