// The library's cells of equations that torch.nn has not: PyTorch's numbers for them, as its users write them.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import {
  adam,
  type Batch,
  type DefinedCell,
  indrnn,
  minGru,
  minLstm,
  Network,
  type NetworkConfig,
  type ParameterValues,
  peepholeLstm,
  readSafetensors,
  readTensors,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  slstm,
  Trainer,
} from "../../src/index";
import { worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

/** What PyTorch's parameters are called here. */
const ofLayer: Record<string, string> = {
  weight_ih: "inputWeight",
  weight_hh: "recurrentWeight",
  bias: "bias",
  peephole: "unitParameters",
  recurrent: "recurrentWeight",
};
const ofOutput: Record<string, string> = { weight: "outputWeight", bias: "outputBias" };

function nameOf(theirs: string): string {
  const [part, ...rest] = theirs.split(".");
  return part === "fc" ? ofOutput[rest[0]!]! : `layer${rest[0]}.${ofLayer[rest[1]!]}`;
}

function transposed(data: Float32Array, [rows = 0, columns = 0]: readonly number[]): Float32Array {
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
}

function recordingOf(name: string) {
  const { tensors, metadata } = readSafetensors(
    readFileSync(resolve(import.meta.dirname, `../models/${name}.safetensors`)),
  );
  const { inputs, outputs, layers, input = "features" } = JSON.parse(metadata.model!);
  const size: { steps: number; batch: number } = JSON.parse(metadata.batch!);
  const training: { learningRate: number } | undefined = metadata.training && JSON.parse(metadata.training);
  const data = <Kind extends Float32Array | Int32Array>(name: string) => tensors.get(name)!.data as Kind;
  /** What is recorded of each parameter; matrices lie transposed, and one number a unit is a row. */
  const of = (what: string): ParameterValues =>
    new Map(
      [...tensors].flatMap(([name, tensor]) => {
        if (!name.startsWith(`${what}.`)) return [];
        const values = tensor.data as Float32Array;
        const own = nameOf(name.slice(what.length + 1));
        if (name.includes("weight")) {
          return [[own, { shape: [...tensor.shape].reverse(), data: transposed(values, tensor.shape) }]];
        }
        return [[own, { shape: name.endsWith("recurrent") ? [1, ...tensor.shape] : [...tensor.shape], data: values }]];
      }),
    );
  const rows = size.steps * size.batch;
  const batches = Array.from(
    { length: training ? tensors.get("training.inputs")!.shape[0]! : 0 },
    (_, i): Batch => ({
      inputs: data<Float32Array>("training.inputs").slice(i * rows * inputs, (i + 1) * rows * inputs),
      targets: data<Int32Array>("training.targets").slice(i * rows, (i + 1) * rows),
    }),
  );
  const { hidden } = layers[0];
  const options = { inputs, outputs, layers: layers.length, hidden, input, readout: "every-step" } as const;
  return { options, size, training, data, of, batches };
}

const asReference = (values: ParameterValues) =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

test.each([
  ["indrnn", indrnn],
  ["mingru", minGru],
  ["minlstm", minLstm],
  ["peephole-lstm", peepholeLstm],
  ["slstm", slstm],
])("%s has PyTorch's logits, gradients and training", async (name, cell: DefinedCell) => {
  const { options, size, training, data, of, batches } = recordingOf(name);
  const network = await Network.create(gpu(), { ...options, cell });
  const config: NetworkConfig = network.config;
  const parameters = of("parameter");
  network.write(parameters);
  const batch = {
    inputs: data(options.input === "tokens" ? "tokens" : "inputs"),
    targets: data<Int32Array>("targets"),
  };
  const expected = asReference(of("gradient"));

  const run = referenceForward(config, asReference(parameters), { ...batch, ...size });
  const back = referenceBackward(config, asReference(parameters), { ...batch, ...size }, run);
  expect(worstError(run.logits, data("expected.logits"))).toBeLessThan(1e-6);
  expect(Object.keys(back.parameters).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    expect(worstError(back.parameters[name]!, values), name).toBeLessThan(1e-6);
  }

  const pass = await network.pass({ ...size, gradients: true });
  pass.write(batch);
  pass.run();
  const gradients = Object.values(pass.gradients!.tensors);
  const [logits, losses, ...got] = await readTensors(gpu(), [pass.tensors.logits, pass.tensors.losses, ...gradients]);
  expect(worstError(logits!, data("expected.logits"))).toBeLessThan(1e-5);
  expect(worstError(losses!, data("expected.loss"))).toBeLessThan(1e-5);
  for (const [i, { name }] of gradients.entries())
    expect(worstError(got[i]!, expected[name]!), name).toBeLessThan(1e-5);

  if (!training) return network.destroy();
  const trainer = await Trainer.create(network, { ...size, optimizer: adam({ learningRate: training.learningRate }) });
  const trained: number[] = [];
  for await (const { loss } of trainer.train(batches)) trained.push(loss);
  expect(worstError(trained, data("expected.losses"))).toBeLessThan(1e-4);
  const twin = asReference(parameters);
  const update = referenceOptimizer({ kind: "adam", learningRate: training.learningRate });
  for (const batch of batches) referenceTrainStep(config, twin, { ...batch, ...size }, update);
  const after = asReference(of("after"));
  for (const [name, { data }] of await network.read()) {
    expect(worstError(twin[name]!, after[name]!), name).toBeLessThan(1e-6);
    // The sLSTM's b_i has no gradient, as c/n stays what it is: Adam makes steps of what rounding makes of that.
    const learns = (_: number, i: number) => Math.abs(expected[name]![i]!) > 1e-12;
    expect(worstError(data.filter(learns), after[name]!.filter(learns)), name).toBeLessThan(1e-5);
  }
  network.destroy();
});
