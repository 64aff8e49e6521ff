// Networks as modules of JavaScript alone: what they predict is what the reference computes.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  everyStep,
  initialParameters,
  lastStep,
  lstm,
  type NetworkOptions,
  networkConfig,
  type ParameterValues,
  type PartsOptions,
  type ReferenceBatch,
  referenceForward,
  tokens,
} from "../../src/index";
import { architectureOf } from "../../src/parts/architecture";
import { toStandalone } from "../../src/standalone/index";
import { networkOf, partsBatch, partsCases } from "../network/parts-networks";
import { worstError } from "../numbers";

interface Predicted {
  probabilities?: Float32Array;
  logits?: Float32Array;
  values?: Float32Array;
  classes?: Int32Array;
  states?: Float32Array[][];
}
interface Module {
  predict(sequence: ArrayLike<number>, options?: object): Predicted;
  about?: unknown;
}

const expectClose = (got: ArrayLike<number>, expected: ArrayLike<number>) =>
  expect(worstError(got, expected)).toBeLessThan(1e-5);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "standalone-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
async function moduleOf(text: string): Promise<Module> {
  const path = join(folder, `${count++}.mjs`);
  writeFileSync(path, text);
  return import(/* @vite-ignore */ pathToFileURL(path).href);
}

const reference = (options: NetworkOptions, parameters: ParameterValues, batch: object, size: object) =>
  referenceForward(
    networkConfig(options),
    Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)])),
    { ...batch, ...size } as ReferenceBatch,
  );

test("any network of parts predicts there what the reference computes, in under 10 KB and its weights", async () => {
  await fc.assert(
    fc.asyncProperty(partsCases({ layers: 3, size: 12, steps: 7, batch: 1 }), async (shape) => {
      const options = networkOf({ ...shape, initialState: false, ragged: false });
      const config = networkConfig(options);
      const parameters = initialParameters(config);
      const text = toStandalone(parameters, config);
      const numbers = [...parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
      expect(text.length - Math.ceil((4 * numbers) / 3) * 4).toBeLessThan(10_000);
      const { predict } = await moduleOf(text);
      const batch = partsBatch({ ...shape, initialState: false, ragged: false }, config);
      const { steps, sourceSteps } = shape;
      const got = predict(batch.inputs, options.encoder ? { source: batch.source } : {});
      const expected = reference(options, parameters, batch, { steps, batch: 1, sourceSteps });
      const { loss } = architectureOf(config);
      if (loss.targets === "classes") {
        const { outputs } = architectureOf(config).readout;
        expectClose(got.probabilities!, expected.probabilities);
        expectClose(got.logits!, expected.logits);
        for (const [row, found] of got.classes!.entries()) {
          const probabilities = expected.probabilities.slice(row * outputs, (row + 1) * outputs);
          expect(probabilities[found]).toBeGreaterThan(Math.max(...probabilities) - 1e-5);
        }
      } else if (loss.targets === "values" && loss.labels) {
        expectClose(
          got.probabilities!,
          expected.logits.map((o) => 1 / (1 + Math.exp(-o))),
        );
      } else expectClose(got.values!, expected.logits);
      if (options.encoder) return;
      const h = got.states!.flatMap(([hidden]) => [...hidden!]);
      const beside = got.states!.flatMap(([, ...cells]) => cells.flatMap((cell) => [...cell]));
      expectClose(h, expected.finalState);
      expectClose(beside, expected.finalCellState);
    }),
    { numRuns: 30 },
  );
});

test.each([everyStep, lastStep])(
  "an adaptive readout, by %o, predicts there what the reference computes",
  async (readout) => {
    for (const bias of [true, false]) {
      const adaptive = { cutoffs: [2, 5], divValue: 2 };
      const options: PartsOptions = { input: tokens(5), layers: [lstm(8)], readout: readout(9, { adaptive, bias }) };
      const parameters = initialParameters(networkConfig(options));
      const { predict } = await moduleOf(toStandalone(parameters, options));
      const inputs = Int32Array.of(1, 4, 0, 2);
      const expected = reference(options, parameters, { inputs, targets: new Int32Array(4) }, { steps: 4, batch: 1 });
      const got = predict(inputs);
      expectClose(got.logits!, expected.logits);
      expectClose(got.probabilities!, expected.probabilities);
    }
  },
);

const small: PartsOptions = { input: tokens(5), layers: [lstm(6), lstm(4)], readout: everyStep(5) };
const parameters = () => initialParameters(networkConfig(small));

describe("a standalone module", () => {
  test("goes on from states as one long sequence would, and leaves them as they were", async () => {
    const { predict } = await moduleOf(toStandalone(parameters(), small));
    const whole = predict([1, 4, 0, 2, 2]);
    const first = predict([1, 4]);
    const again = () => predict([0, 2, 2], { states: first.states });
    const second = again();
    expect([...first.probabilities!, ...second.probabilities!]).toEqual([...whole.probabilities!]);
    expect(again()).toEqual(second);
  });

  test("has what it is about, as it was given", async () => {
    const about = { symbols: ["a", "\u2028", "</script>", '"'], more: [1, null] };
    expect((await moduleOf(toStandalone(parameters(), small, { about }))).about).toEqual(about);
  });

  test.each<[string, ArrayLike<number>, string]>([
    ["a token that is none", [1, 5], "predict: sequence[1] is 5, expected a token from 0 to 4."],
    ["a part of a token", [0.5], "predict: sequence[0] is 0.5, expected a token from 0 to 4."],
    ["nothing", [], "predict: sequence has 0 values, expected a token a step, of one step or more."],
  ])("refuses %s", async (_, sequence, message) => {
    const { predict } = await moduleOf(toStandalone(parameters(), small));
    expect(() => predict(sequence)).toThrow(message);
  });
});

test("toStandalone refuses parameters of another network, and what is not finite", () => {
  expect(() => toStandalone(parameters(), { ...small, layers: [lstm(6)] })).toThrow(
    'toStandalone: parameter "layer1.inputWeight" is given, expected none of that name',
  );
  const spoilt = parameters();
  spoilt.get("outputBias")!.data[2] = Number.NaN;
  expect(() => toStandalone(spoilt, small)).toThrow('toStandalone: parameter "outputBias"[2] is NaN');
});

test("toStandalone refuses an option that it does not have, and an `about` that is no plain data", () => {
  expect(() => toStandalone(parameters(), small, { abuot: 1 } as never)).toThrow(
    'toStandalone: unknown option "abuot", expected one of about.',
  );
  expect(() => toStandalone(parameters(), small, { about: { classes: new Set(["a"]) } })).toThrow(
    "toStandalone: about.classes is Set, expected plain data that JSON holds",
  );
});
