// Networks of parts on the GPU, against the float64 reference.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  coupledLstm,
  features,
  layer,
  Network,
  type PartsConfig,
  type ReferenceParameters,
  readTensors,
  referenceBackward,
  referenceForward,
  type Tensor,
} from "../../src/index";
import { architectureOf } from "../../src/parts/architecture";
import { worstError } from "../numbers";
import { useGpu } from "../workbench";
import { bringsState, networkOf, type PartsCase, partsBatch, partsCases } from "./parts-networks";

const gpu = useGpu();

const asReference = (values: Iterable<[string, { data: Float32Array }]>): ReferenceParameters =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

/** With a divisor of the steps, in segments of so many. */
type Case = PartsCase & { checkpointEvery?: number };

const oneWay = (shape: PartsCase): PartsCase => ({
  ...shape,
  layers: shape.layers.map((layer) => ({ ...layer, bidirectional: false })),
});

/** What goes in segments. */
const segmented = fc.tuple(partsCases({ steps: 4 }), fc.integer({ min: 1, max: 4 })).map(([shape, segments]): Case => {
  const unprojected = oneWay(shape).layers.map((layer) => ({ ...layer, projected: false }));
  return { ...shape, layers: unprojected, encoded: false, steps: shape.steps * segments, checkpointEvery: shape.steps };
});

/** What goes as a wavefront: alike layers of cells with one state or none. */
const wavefronts = fc
  .tuple(partsCases(), fc.constantFrom<"elman" | "lstm" | typeof coupledLstm>("elman", "lstm", coupledLstm))
  .map(([shape, cell]): Case => {
    const [first] = shape.layers;
    const made = {
      ...{ hidden: first!.hidden, bidirectional: false, bias: true, projected: false, dropout: 0 },
      cell: {
        make: (hidden: number, options: object) => layer(cell, hidden, options),
        ...{ states: cell === "elman" ? 0 : 1, projects: false },
      },
    };
    return {
      ...shape,
      layers: Array.from({ length: 1 + shape.layers.length }, () => made),
      encoded: false,
      schedule: "wavefront",
    };
  });

test.each<[string, fc.Arbitrary<Case>]>([
  ["fused and unrolled", partsCases()],
  ["in segments", segmented],
  ["all layers at once", wavefronts],
])("a network of any parts has the reference's outputs, loss, states and every gradient, %s", async (_, cases) => {
  await fc.assert(
    fc.asyncProperty(cases, async (shape) => {
      const { steps, batch, schedule, weighted: weights, encoded, sourceSteps, checkpointEvery } = shape;
      const network = await Network.create(gpu(), networkOf(shape));
      const config = network.config as PartsConfig;
      const data = partsBatch(shape, config);
      const traced = !checkpointEvery && !encoded && config.layers.every(({ projection }) => projection === undefined);
      const wanted = traced ? { traceGradients: true } : { gradients: true };
      const of = { ...(encoded && { sourceSteps }), initialState: bringsState(shape) };
      const options = { steps, batch, schedule, weights, checkpointEvery, ...of };
      const pass = await network.pass({ ...options, training: true, ...wanted });
      const finish = () => {
        pass.destroy();
        network.destroy();
      };
      pass.write(data, 7);
      pass.run();

      const parameters = asReference(await network.read());
      const reference = { ...data, steps, batch, sourceSteps, step: 7 };
      const run = referenceForward(config, parameters, reference);
      const back = referenceBackward(config, parameters, reference, run);
      const expectClose = async (tensors: readonly Tensor[], expected: (i: number) => ArrayLike<number>) => {
        for (const [i, values] of (await readTensors(gpu(), tensors)).entries()) {
          expect(worstError(values, expected(i)), `${tensors[i]!.name} ${i}`).toBeLessThan(2e-5);
        }
      };
      const { logits, losses, dHidden = [], dInputs } = pass.tensors;
      const [all] = await readTensors(gpu(), [logits]);
      const { kind, outputs } = architectureOf(config).readout;
      const expected = run.logits.slice(0, all!.length); // in segments, those of the first
      for (let row = 0; kind === "every-step" && data.lengths && row < all!.length / outputs; row++) {
        const past = Math.floor(row / batch) >= data.lengths[row % batch]!;
        if (past) all!.set(expected.slice(row * outputs, (row + 1) * outputs), row * outputs);
      }
      expect(worstError(all!, expected), "logits").toBeLessThan(2e-5);
      await expectClose([losses], () => [run.loss]);
      const gradients = Object.values(pass.gradients!.tensors);
      expect(gradients.map(({ name }) => name).sort()).toEqual(Object.keys(back.parameters).sort());
      await expectClose(gradients, (i) => back.parameters[gradients[i]!.name]!);
      if (!checkpointEvery) {
        const states = await pass.readStates();
        expect(worstError(states.finalState, run.finalState), "final h").toBeLessThan(2e-5);
        expect(worstError(states.finalCellState ?? [], run.finalCellState), "final c").toBeLessThan(2e-5);
        if (!traced) return finish();
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
      finish();
    }),
    { numRuns: 12 },
  );
});
