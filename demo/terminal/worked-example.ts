// `npm run train -- --task i-like-nlp`: the worked example. Every number of a training step, GPU beside reference.

import {
  type Gpu,
  Network,
  openGpu,
  type Pass,
  type ReferenceParameters,
  readTensors,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  sgd,
  Trainer,
} from "../../src/index";
import { openNodeGpu } from "./node-gpu";
import type { TrainOptions } from "./options";

const words = ["I", "like", "NLP"];
const steps = words.length;
/** The words one-hot, in order; the sentence belongs to class 0. */
const sentence = {
  inputs: Float32Array.from({ length: steps * steps }, (_, i) => (i % (steps + 1) === 0 ? 1 : 0)),
  targets: Int32Array.of(0),
};
const referenceBatch = { ...sentence, steps, batch: 1 };
const tolerance = 1e-5;

/** The worked example's letters for the parameters. */
const letters: Record<string, string> = {
  "layer0.inputWeight": "W",
  "layer0.recurrentWeight": "Wʰ",
  "layer0.bias": "b",
  outputWeight: "V",
  outputBias: "b_output",
};

/** A matrix or vector of the equations, as the GPU and as the reference have it. */
interface Shown {
  name: string;
  width: number;
  gpu: ArrayLike<number>;
  reference: ArrayLike<number>;
}

/** @returns the exit code: 0 where GPU and reference agree to 1e-5, else 1. */
export async function workedExample(options: TrainOptions): Promise<number> {
  const { hidden, seed, learningRate, device, schedule } = options;
  const node = await openNodeGpu(device === "reference" ? undefined : device);
  const gpu = await openGpu({ gpu: node.gpu });
  const network = await Network.create(gpu, {
    cell: "elman",
    inputs: steps,
    hidden,
    outputs: steps,
    input: "features",
    readout: "last-step",
    seed,
  });
  const shape = { steps, batch: 1, schedule };
  const pass = await network.pass({ ...shape, probabilities: true, gradients: true, traceGradients: true });
  const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate }) });
  const parameters: ReferenceParameters = Object.fromEntries(
    [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
  );

  console.log(`"${words.join(" ")}", one-hot; target class 0; hidden ${hidden}, α = ${learningRate}`);
  console.log(`on the left ${node.description}, on the right the float64 reference`);
  const update = referenceOptimizer({ kind: "sgd", learningRate });
  let worst = 0;
  for (let round = 1; round <= options.steps; round++) {
    console.log(`\nround ${round}`);
    pass.write(sentence);
    pass.run();
    const shown = await forwardAndBackward(gpu, pass, network, parameters);
    for await (const _ of trainer.train([sentence]));
    referenceTrainStep(network.config, parameters, referenceBatch, update);
    for (const [name, { shape: sizes, data }] of await network.read()) {
      const letter = letters[name]!;
      const reference = parameters[name]!;
      shown.push({ name: `${letter} ← ${letter} − α·∂L/∂${letter}`, width: sizes.at(-1)!, gpu: data, reference });
    }
    for (const matrix of shown) {
      print(matrix);
      worst = Math.max(worst, differenceOf(matrix));
    }
  }
  for (const thing of [trainer, pass, network, gpu]) thing.destroy();
  node.close();
  const verdict = worst <= tolerance ? "they agree to" : "they do NOT agree to";
  console.log(
    `\nlargest difference between the two: ${worst.toExponential(1)}; ${verdict} ${tolerance.toExponential(0)}`,
  );
  return worst <= tolerance ? 0 : 1;
}

/** h_1 … h_T, ŷ, L, and every gradient. */
async function forwardAndBackward(
  gpu: Gpu,
  pass: Pass,
  { config }: Network,
  parameters: ReferenceParameters,
): Promise<Shown[]> {
  const { layers, probabilities, losses, dLogits, dHidden } = pass.tensors;
  const parameterGradients = Object.values(pass.gradients!.tensors);
  const tensors = [layers[0]!, probabilities!, losses, dLogits!, dHidden![0]!, ...parameterGradients];
  const [h, p, loss, dO, dH, ...gradients] = (await readTensors(gpu, tensors)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    ...Float32Array[],
  ];
  const run = referenceForward(config, parameters, referenceBatch);
  const back = referenceBackward(config, parameters, referenceBatch, run);
  const width = config.hidden;
  const times = Array.from({ length: steps }, (_, i) => i + 1);
  const slab = (values: Float32Array | Float64Array, t: number) => values.subarray(t * width, (t + 1) * width);
  return [
    ...times.map((t) => ({
      name: `h_${t}, after "${words[t - 1]}"`,
      width,
      gpu: slab(h, t),
      reference: slab(run.sweeps[0]!.hidden, t),
    })),
    { name: "ŷ = softmax(h_3·V + b_output)", width: steps, gpu: p, reference: run.probabilities },
    { name: "L = −ln ŷ[0]", width: 1, gpu: loss, reference: [run.loss] },
    { name: "ŷ − y = ∂L/∂o", width: steps, gpu: dO, reference: run.dLogits },
    ...times
      .reverse()
      .map((t) => ({ name: `∂L/∂h_${t}`, width, gpu: slab(dH, t), reference: slab(back.hidden[0]!, t) })),
    ...parameterGradients.map(({ name, shape }, i) => ({
      name: `∂L/∂${letters[name]}${name.startsWith("layer") ? ", summed over time" : ""}`,
      width: shape.at(-1)!,
      gpu: gradients[i]!,
      reference: back.parameters[name]!,
    })),
  ];
}

function differenceOf({ gpu, reference }: Shown): number {
  const differences = Array.from(gpu, (value, i) => Math.abs(value - reference[i]!));
  return differences.reduce((worst, difference) => (difference <= worst ? worst : difference), 0);
}

function print({ name, width, gpu, reference }: Shown): void {
  console.log(`\n${name}`);
  const row = (values: ArrayLike<number>, start: number) =>
    Array.from({ length: width }, (_, i) => values[start + i]!.toFixed(7).padStart(11)).join("");
  for (let start = 0; start < gpu.length; start += width) console.log(`${row(gpu, start)}  |${row(reference, start)}`);
}
