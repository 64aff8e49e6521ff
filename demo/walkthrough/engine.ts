// Computes rounds of training, on the GPU or with the float64 reference.

import {
  type Gpu,
  initialParameters,
  Network,
  type ParameterValues,
  type ReferenceParameters,
  referenceOptimizer,
  referenceTrainStep,
  sgd,
  Trainer,
} from "../../src/index";
import { type Example, type Values, valuesOnGpu, valuesOnReference } from "./example";

/** A training step: the parameters it begins with, all that it computes of them, and the parameters after its update. */
export interface Round {
  parameters: ReferenceParameters;
  values: Values;
  after: ReferenceParameters;
}

/** Hears each round's loss, in order; training ends soon after it answers false. */
export type OnLoss = (loss: number) => boolean;

export interface Engine {
  round(parameters: ReferenceParameters, learningRate: number): Promise<Round>;
  /** Trains for some rounds. @returns the parameters after the last loss that was heard. */
  train(
    parameters: ReferenceParameters,
    learningRate: number,
    rounds: number,
    onLoss: OnLoss,
  ): Promise<ReferenceParameters>;
  destroy(): void;
}

const copyOf = (parameters: ReferenceParameters): ReferenceParameters =>
  Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, values.slice()]));

/** The parameters that an example's seed gives. */
export const drawnParameters = ({ config }: Example): ReferenceParameters => inFloat64(initialParameters(config));

const inFloat64 = (values: ParameterValues): ReferenceParameters =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

/** Rounds after which the reference lets the page do something else. */
const roundsAtOnce = 50;

export function referenceEngine(example: Example): Engine {
  const data = { ...example.batch, ...example.shape };
  const step = (parameters: ReferenceParameters, learningRate: number) =>
    referenceTrainStep(example.config, parameters, data, referenceOptimizer({ kind: "sgd", learningRate })).loss;
  return {
    async round(parameters, learningRate) {
      const after = copyOf(parameters);
      step(after, learningRate);
      return { parameters, values: valuesOnReference(example, parameters), after };
    },
    async train(parameters, learningRate, rounds, onLoss) {
      const trained = copyOf(parameters);
      for (let round = 1; round <= rounds; round++) {
        if (!onLoss(step(trained, learningRate))) break;
        if (round % roundsAtOnce === 0) await new Promise((resolve) => setTimeout(resolve));
      }
      return trained;
    },
    destroy() {},
  };
}

/** One network, one pass that shows everything, and one trainer, for as long as the example stays the same. */
export async function gpuEngine(gpu: Gpu, example: Example): Promise<Engine> {
  const { batch, config, shape } = example;
  const network = await Network.create(gpu, config);
  const pass = await network.pass({ ...shape, probabilities: true, traceGradients: true });
  const trainer = await Trainer.create(network, {
    ...shape,
    optimizer: sgd({ learningRate: 1 }), // each call says its own
    stepsPerSubmit: 8, // so that it ends soon after it is told to
  });
  pass.write(batch);
  const shapes = initialParameters(config);
  const begin = (parameters: ReferenceParameters, learningRate: number) => {
    network.write(
      new Map(
        [...shapes].map(([name, { shape: sizes }]) => [
          name,
          { shape: sizes, data: Float32Array.from(parameters[name]!) },
        ]),
      ),
    );
    trainer.learningRate = learningRate;
  };
  return {
    async round(parameters, learningRate) {
      begin(parameters, learningRate);
      const before = network.read();
      const values = await valuesOnGpu(gpu, pass);
      for await (const _ of trainer.train([batch]));
      return {
        parameters: inFloat64(await before),
        values,
        after: inFloat64(await network.read()),
      };
    },
    async train(parameters, learningRate, rounds, onLoss) {
      begin(parameters, learningRate);
      let wanted = true;
      for await (const { loss } of trainer.train(repeated(batch), { steps: rounds })) {
        const goOn = onLoss(loss); // what is in flight is heard as well: its updates are done
        if (wanted && !goOn) void trainer.stop();
        wanted &&= goOn;
      }
      return inFloat64(await network.read());
    },
    destroy() {
      for (const thing of [trainer, pass, network]) thing.destroy();
    },
  };
}

function* repeated<T>(thing: T): Generator<T> {
  while (true) yield thing;
}
