// Networks of parts on the GPU, against the float64 reference.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  features,
  Network,
  type PartsConfig,
  type ReferenceParameters,
  readTensors,
  referenceBackward,
  referenceForward,
  type Tensor,
} from "../../src/index";
import { worstError } from "../numbers";
import { useGpu } from "../workbench";
import { networkOf, partsBatch, partsCases } from "./parts-networks";

const gpu = useGpu();

const asReference = (values: Iterable<[string, { data: Float32Array }]>): ReferenceParameters =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

test("a network of any parts has the reference's outputs, loss, states and every gradient", async () => {
  await fc.assert(
    fc.asyncProperty(partsCases(), async (shape) => {
      const { steps, batch, schedule, weighted: weights, initialState } = shape;
      const network = await Network.create(gpu(), networkOf(shape));
      const config = network.config as PartsConfig;
      const data = partsBatch(shape, config);
      const traced = config.layers.every(({ projection }) => projection === undefined);
      const wanted = traced ? { traceGradients: true } : { gradients: true };
      const pass = await network.pass({ steps, batch, schedule, weights, initialState, training: true, ...wanted });
      pass.write(data, 7);
      pass.run();

      const parameters = asReference(await network.read());
      const reference = { ...data, steps, batch, step: 7 };
      const run = referenceForward(config, parameters, reference);
      const back = referenceBackward(config, parameters, reference, run);
      const expectClose = async (tensors: readonly Tensor[], expected: (i: number) => ArrayLike<number>) => {
        for (const [i, values] of (await readTensors(gpu(), tensors)).entries()) {
          expect(worstError(values, expected(i)), `${tensors[i]!.name} ${i}`).toBeLessThan(2e-5);
        }
      };
      const { logits, losses, dHidden = [], dInputs } = pass.tensors;
      const [o] = await readTensors(gpu(), [logits]);
      const { kind, outputs } = config.readout;
      for (let row = 0; kind === "every-step" && data.lengths && row < steps * batch; row++) {
        const past = Math.floor(row / batch) >= data.lengths[row % batch]!;
        if (past) o!.set(run.logits.slice(row * outputs, (row + 1) * outputs), row * outputs);
      }
      expect(worstError(o!, run.logits), "logits").toBeLessThan(2e-5);
      await expectClose([losses], () => [run.loss]);
      const gradients = Object.values(pass.gradients!.tensors);
      expect(gradients.map(({ name }) => name).sort()).toEqual(Object.keys(back.parameters).sort());
      await expectClose(gradients, (i) => back.parameters[gradients[i]!.name]!);
      const states = await pass.readStates();
      expect(worstError(states.finalState, run.finalState), "final h").toBeLessThan(2e-5);
      expect(worstError(states.finalCellState ?? [], run.finalCellState), "final c").toBeLessThan(2e-5);
      if (traced) {
        await expectClose(dHidden, (i) => back.hidden[i]!);
        expect(worstError(states.dInitialState!, back.initialState), "dh_0").toBeLessThan(2e-5);
        expect(worstError(states.dInitialCellState ?? [], back.initialCellState), "dc_0").toBeLessThan(2e-5);
        await expectClose([dInputs!], () => {
          if (config.input.kind !== "tokens") return back.inputs;
          const { width } = config.input;
          const inputs = new Float32Array(steps * batch * width);
          for (const [row, token] of data.inputs.entries()) inputs[row * width + token] = 1;
          const oneHot = { ...config, input: features(width) };
          const ofFeatures = { ...reference, inputs };
          const forward = referenceForward(oneHot, parameters, ofFeatures);
          return referenceBackward(oneHot, parameters, ofFeatures, forward).inputs;
        });
      }
      pass.destroy();
      network.destroy();
    }),
    { numRuns: 15 },
  );
});
