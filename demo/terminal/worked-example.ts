// `npm run train -- --task i-like-nlp`: the worked example. Every number of a training step, GPU beside reference.

import {
  Network,
  openGpu,
  type ReferenceParameters,
  referenceOptimizer,
  referenceTrainStep,
  sgd,
  Trainer,
} from "../../src/index";
import {
  type Example,
  exampleOf,
  iLikeNlp,
  letters,
  type Values,
  valuesOnGpu,
  valuesOnReference,
} from "../walkthrough/example";
import { openNodeGpu } from "./node-gpu";
import type { TrainOptions } from "./options";

const tolerance = 1e-5;

/** A matrix or vector of the equations. */
interface Shown {
  name: string;
  width: number;
  values: ArrayLike<number>;
}

/** @returns the exit code: 0 where GPU and reference agree to 1e-5, else 1. */
export async function workedExample(options: TrainOptions): Promise<number> {
  const { settings, device } = options;
  const { hidden, seed, learningRate } = settings;
  const schedule = settings.schedule === "automatic" ? undefined : settings.schedule;
  const node = await openNodeGpu(device === "reference" ? undefined : device);
  const gpu = await openGpu({ gpu: node.gpu });
  const example = exampleOf([{ words: iLikeNlp, target: 0 }], { hidden, seed });
  const { config } = example;
  const network = await Network.create(gpu, config);
  const shape = { ...example.shape, schedule };
  const pass = await network.pass({ ...shape, probabilities: true, gradients: true, traceGradients: true });
  const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate }) });
  const parameters: ReferenceParameters = Object.fromEntries(
    [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
  );

  console.log(`"${iLikeNlp.join(" ")}", one-hot; target class 0; hidden ${hidden}, α = ${learningRate}`);
  console.log(`on the left ${node.description}, on the right the float64 reference`);
  const update = referenceOptimizer({ kind: "sgd", learningRate });
  let worst = 0;
  for (let round = 1; round <= settings.pauseAt; round++) {
    console.log(`\nround ${round}`);
    pass.write(example.batch);
    const onGpu = matricesOf(example, await valuesOnGpu(gpu, pass));
    const onReference = matricesOf(example, valuesOnReference(example, parameters));
    for await (const _ of trainer.train([example.batch]));
    referenceTrainStep(config, parameters, { ...example.batch, ...example.shape }, update);
    for (const [name, { shape: sizes, data }] of await network.read()) {
      const updated = { name: `${letters[name]} ← ${letters[name]} − α·∂L/∂${letters[name]}`, width: sizes.at(-1)! };
      onGpu.push({ ...updated, values: data });
      onReference.push({ ...updated, values: parameters[name]! });
    }
    for (const [i, matrix] of onGpu.entries()) {
      const reference = onReference[i]!.values;
      print(matrix, reference);
      worst = Math.max(worst, difference(matrix.values, reference));
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
function matricesOf({ words, classes, config }: Example, values: Values): Shown[] {
  const { hidden: width } = config;
  const times = words.map((_, i) => i + 1);
  const slab = (states: Values["hidden"], t: number) => states.subarray(t * width, (t + 1) * width);
  const widthOf = (name: string) => (name.startsWith("output") ? classes.length : width);
  return [
    ...times.map((t) => ({ name: `h_${t}, after "${words[t - 1]}"`, width, values: slab(values.hidden, t) })),
    { name: `ŷ = softmax(h_${words.length}·V + b_output)`, width: classes.length, values: values.probabilities },
    { name: "L = −ln ŷ[0]", width: 1, values: values.loss },
    { name: "ŷ − y = ∂L/∂o", width: classes.length, values: values.dLogits },
    ...times.reverse().map((t) => ({ name: `∂L/∂h_${t}`, width, values: slab(values.dHidden, t) })),
    ...Object.entries(letters).flatMap(([name, letter]) => {
      const gradient = values.gradients[name];
      if (!gradient) return [];
      const summed = name.startsWith("layer") ? ", summed over time" : "";
      return [{ name: `∂L/∂${letter}${summed}`, width: widthOf(name), values: gradient }];
    }),
  ];
}

function difference(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  const differences = Array.from(values, (value, i) => Math.abs(value - reference[i]!));
  return differences.reduce((worst, difference) => (difference <= worst ? worst : difference), 0);
}

function print({ name, width, values }: Shown, reference: ArrayLike<number>): void {
  console.log(`\n${name}`);
  const row = (of: ArrayLike<number>, start: number) =>
    Array.from({ length: width }, (_, i) => of[start + i]!.toFixed(7).padStart(11)).join("");
  for (let start = 0; start < values.length; start += width) {
    console.log(`${row(values, start)}  |${row(reference, start)}`);
  }
}
