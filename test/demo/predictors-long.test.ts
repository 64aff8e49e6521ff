// The engines of the benchmark that predict answer the float64 reference's logits, all of them.
import { beforeAll, describe, expect, test } from "vitest";
import { predictorOf } from "../../demo/benchmark/engines/load";
import { canDo, type EngineName, engineNames } from "../../demo/benchmark/engines/names";
import { networkOf, problemOf } from "../../demo/benchmark/problem";
import { nameOf } from "../../demo/benchmark/report";
import { callInPage, withPage } from "../../demo/terminal/in-browser";
import { cellNames, networkConfig, referenceForward } from "../../src/index";

/** More steps than a shader has buffers, which is how many an operator of ONNX joins at once. */
const shape = { batch: 2, steps: 9, hidden: 12, symbols: 7 };
const predictors = engineNames.filter((name) => canDo("predict", name) && name.schedule !== "measured");
const predictions = new Map<EngineName, number[][] | Error>();

beforeAll(
  () =>
    withPage(async (page) => {
      for (const name of predictors) {
        const call = callInPage<number[][]>(page, "/test/demo/engines-in-page.ts", "predict", name, shape);
        predictions.set(name, await call.catch((error: Error) => error));
      }
    }),
  600_000,
);

describe.each(predictors.map((name) => [nameOf(name), name] as const))("%s", (_, name) => {
  test.each([...cellNames.entries()])("predicts what the reference does: %i, %s", (i, cell) => {
    const found = predictions.get(name)!;
    if (found instanceof Error) throw found;
    const { parameters, inputs, targets } = problemOf(cell, shape);
    const values = Object.fromEntries([...parameters].map(([key, { data }]) => [key, Float64Array.from(data)]));
    const config = networkConfig(networkOf(cell, shape));
    const { logits } = referenceForward(config, values, { ...shape, inputs, targets });
    expect(found[i]).toHaveLength(logits.length);
    for (const [at, logit] of logits.entries()) expect(Math.abs(found[i]![at]! - logit)).toBeLessThan(1e-6);
  });
});

test("an engine does only what it can", async () => {
  await expect(predictorOf({ engine: "brain.js", backend: "cpu" })).rejects.toThrow(
    "predictorOf: there is no brain.js on cpu that predicts; take one of engineNames.",
  );
});
