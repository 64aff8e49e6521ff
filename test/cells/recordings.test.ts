// The library's cells of equations that torch.nn has not: PyTorch's numbers for them, as its users write them.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import {
  adam,
  type Batch,
  type DefinedCell,
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

/** What PyTorch's parameters are called here; those of more than one dimension but the peepholes' lie transposed. */
const names: Record<string, string> = {
  "rnn.0.weight_ih": "layer0.inputWeight",
  "rnn.0.weight_hh": "layer0.recurrentWeight",
  "rnn.0.bias": "layer0.bias",
  "rnn.0.peephole": "layer0.unitParameters",
  "fc.weight": "outputWeight",
  "fc.bias": "outputBias",
};

function transposed(data: Float32Array, [rows = 0, columns = 0]: readonly number[]): Float32Array {
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
}

function recordingOf(name: string) {
  const { tensors, metadata } = readSafetensors(
    readFileSync(resolve(import.meta.dirname, `../models/${name}.safetensors`)),
  );
  const { inputs, outputs, layers } = JSON.parse(metadata.model!);
  const size: { steps: number; batch: number } = JSON.parse(metadata.batch!);
  const { learningRate } = JSON.parse(metadata.training!);
  const data = <Kind extends Float32Array | Int32Array>(name: string) => tensors.get(name)!.data as Kind;
  /** What is recorded of each parameter. */
  const of = (what: string): ParameterValues =>
    new Map(
      Object.entries(names).flatMap(([theirs, own]) => {
        const tensor = tensors.get(`${what}.${theirs}`);
        if (!tensor) return [];
        const values = tensor.data as Float32Array;
        const turned = theirs.includes("weight");
        const shape = turned ? [...tensor.shape].reverse() : [...tensor.shape];
        return [[own, { shape, data: turned ? transposed(values, tensor.shape) : values }]];
      }),
    );
  const rows = size.steps * size.batch;
  const batches = Array.from(
    { length: tensors.get("training.inputs")!.shape[0]! },
    (_, i): Batch => ({
      inputs: data<Float32Array>("training.inputs").slice(i * rows * inputs, (i + 1) * rows * inputs),
      targets: data<Int32Array>("training.targets").slice(i * rows, (i + 1) * rows),
    }),
  );
  const options = { inputs, outputs, hidden: layers[0].hidden, input: "features", readout: "every-step" } as const;
  return { options, size, learningRate, data, of, batches };
}

const asReference = (values: ParameterValues) =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

test.each([
  ["peephole-lstm", peepholeLstm],
  ["slstm", slstm],
])("%s has PyTorch's logits, gradients and training", async (name, cell: DefinedCell) => {
  const { options, size, learningRate, data, of, batches } = recordingOf(name);
  const network = await Network.create(gpu(), { ...options, cell });
  const config: NetworkConfig = network.config;
  const parameters = of("parameter");
  network.write(parameters);
  const batch = { inputs: data<Float32Array>("inputs"), targets: data<Int32Array>("targets") };
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

  const trainer = await Trainer.create(network, { ...size, optimizer: adam({ learningRate }) });
  const trained: number[] = [];
  for await (const { loss } of trainer.train(batches)) trained.push(loss);
  expect(worstError(trained, data("expected.losses"))).toBeLessThan(1e-4);
  const twin = asReference(parameters);
  const update = referenceOptimizer({ kind: "adam", learningRate });
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
