// A `.keras` file as Keras 3 lays one out: a ZIP that is not compressed, of a config and of variables in a file of HDF5. And a small
// model in both formats, with which readers are tried.

import { zipSync } from "fflate";
import { File, type Group, ready } from "h5wasm";

export interface Variable {
  shape: number[];
  data: Float32Array;
}

/**
 * @param config what config.json has
 * @param variables by their paths: "layers/lstm/cell/vars/0"
 */
export async function kerasFile(
  config: unknown,
  variables: ReadonlyMap<string, Variable>,
): Promise<Uint8Array<ArrayBuffer>> {
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const metadata = { keras_version: "3.9.0", date_saved: "2026-01-31@12:00:00" };
  return zipSync(
    {
      "metadata.json": text(metadata),
      "config.json": text(config),
      "model.weights.h5": await hdf5File(variables),
    },
    { level: 0 },
  );
}

async function hdf5File(variables: ReadonlyMap<string, Variable>): Promise<Uint8Array> {
  const { FS } = await ready;
  const name = "model.weights.h5";
  const file = new File(name, "w");
  for (const [path, { shape, data }] of variables) {
    const folders = path.split("/");
    const own = folders.pop()!;
    let group: Group = file;
    for (const folder of folders) {
      group = group.keys().includes(folder) ? (group.get(folder) as Group) : group.create_group(folder);
    }
    group.create_dataset({ name: own, data, shape, dtype: "<f4" });
  }
  file.close();
  const bytes: Uint8Array = FS.readFile(name);
  FS.unlink(name);
  return bytes;
}

/** Where Keras 3 has a variable, what TensorFlow.js calls it, and its shape. */
const variables: [path: string, name: string, shape: number[]][] = [
  ["embedding/vars/0", "embedding/embeddings", [4, 3]],
  ["gru/cell/vars/0", "gru/kernel", [3, 6]],
  ["gru/cell/vars/1", "gru/recurrent_kernel", [2, 6]],
  ["gru/cell/vars/2", "gru/bias", [2, 6]],
  ["lstm/cell/vars/0", "lstm/kernel", [2, 8]],
  ["lstm/cell/vars/1", "lstm/recurrent_kernel", [2, 8]],
  ["lstm/cell/vars/2", "lstm/bias", [8]],
  ["dense/vars/0", "dense/kernel", [2, 2]],
  ["dense/vars/1", "dense/bias", [2]],
];

/** A model's file of Keras, and its files of TensorFlow.js. */
export async function smallModel() {
  const layer = (kind: string, options: object) => ({
    ...{ module: "keras.layers", class_name: kind, registered_name: null },
    config: { name: kind.toLowerCase(), dtype: "float32", ...options },
  });
  const recurrent = { units: 2, activation: "tanh", recurrent_activation: "sigmoid", use_bias: true };
  const layers = [
    layer("InputLayer", { batch_shape: [null, 4] }),
    layer("Embedding", { input_dim: 4, output_dim: 3 }),
    layer("GRU", { ...recurrent, reset_after: true, return_sequences: true }),
    layer("LSTM", recurrent),
    layer("Dense", { units: 2, activation: "softmax", use_bias: true }),
  ];
  const topology = { class_name: "Sequential", config: { name: "sequential", layers } };
  const values = variables.map(([path, , shape]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return [`layers/${path}`, { shape, data: Float32Array.from({ length: count }, (_, i) => (i % 7) / 8) }] as const;
  });
  const numbers = values.flatMap(([, { data }]) => [...data]);
  const weights = variables.map(([, name, shape]) => ({ name, shape, dtype: "float32" }));
  return {
    file: await kerasFile(topology, new Map(values)),
    model: { format: "layers-model", modelTopology: topology, weightsManifest: [{ paths: ["weights.bin"], weights }] },
    weights: new Uint8Array(Float32Array.from(numbers).buffer),
  };
}
