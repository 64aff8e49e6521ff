// The engines that the benchmark compares compute the same: each, in a worker of its own, against the reference.
import { beforeAll, describe, expect, test } from "vitest";
import { engineOf } from "../../demo/benchmark/engines/load";
import { bundledPeers, canDo, type EngineName, engineNames } from "../../demo/benchmark/engines/names";
import { networkOf, problemOf } from "../../demo/benchmark/problem";
import { callInPage, withPage } from "../../demo/terminal/in-browser";
import { cellNames, networkConfig, referenceOptimizer, referenceTrainStep } from "../../src/index";
import type { Outcome, Result, Work } from "./engine-worker";

const sizes = { batch: 2, steps: 5, hidden: 12, symbols: 7 };
/** An even number of symbols for TF.js on WebGL: its gradients are wrong with an odd one, past the edge of a texture. */
const shapeFor = ({ engine, backend }: EngineName) =>
  engine === "TF.js" && backend === "webgl" ? { ...sizes, symbols: 8 } : sizes;
const runs = [1, 2]; // so that the second goes on from the first
const learningRate = 4; // a gradient that is missing or wrong then shows in the next loss

const titleOf = ({ engine, backend, schedule }: EngineName) => [engine, backend, schedule].filter(Boolean).join(" ");
const trainers = engineNames.filter((name) => canDo("train", name));
const works: Work[] = trainers.flatMap((name) =>
  cellNames.map((cell) => ({ name, cell, shape: shapeFor(name), learningRate, runs })),
);
const outcomes = new Map<Work, Outcome>();

beforeAll(
  () =>
    withPage(
      async (page) => {
        for (const name of trainers) {
          const mine = works.filter((work) => work.name === name);
          const all = await callInPage<Outcome[]>(page, "/test/demo/engines-in-page.ts", "allInWorker", mine);
          for (const [i, work] of mine.entries()) outcomes.set(work, all[i]!);
        }
      },
      undefined,
      bundledPeers,
    ),
  900_000, // all engines, one after the other
);

function resultOf(work: Work): Result {
  const outcome = outcomes.get(work)!;
  if ("error" in outcome) throw new Error(outcome.error);
  return outcome.result;
}

function referenceLosses({ cell, shape }: Work): number[] {
  const { parameters, inputs, targets } = problemOf(cell, shape);
  const config = networkConfig(networkOf(cell, shape));
  const values = Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const update = referenceOptimizer({ kind: "sgd", learningRate });
  return [1, 2, 3].map(() => referenceTrainStep(config, values, { ...shape, inputs, targets }, update).loss);
}

describe.each(trainers.map((name) => [titleOf(name), name] as const))("%s", (_, name) => {
  const mine = works.filter((work) => work.name === name).map((work) => [work.cell, work] as const);
  if (name.engine === "brain.js") {
    test.each(mine)("learns with its own %s, from the uniform guess of one of its symbols and END", (_cell, work) => {
      const { losses } = resultOf(work);
      expect(losses).toHaveLength(3);
      expect(losses[0]).toBeCloseTo(Math.log(work.shape.symbols + 1), 1);
      expect(losses[2]).toBeLessThan(losses[0]!);
    });
  } else {
    test.each(mine)("takes the reference's first three steps with the cell %s", (_cell, work) => {
      const { losses } = resultOf(work);
      const expected = referenceLosses(work);
      expect(losses).toHaveLength(3);
      for (const [i, loss] of losses.entries()) expect(Math.abs(loss / expected[i]! - 1)).toBeLessThan(1e-5);
    });
  }
  test("tells its version", () => {
    expect(resultOf(mine[0]![1]).version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

test("an engine has only the backends that are listed", async () => {
  await expect(engineOf({ engine: "brain.js", backend: "webgpu" })).rejects.toThrow(
    "engineOf: there is no brain.js on webgpu that trains; take one of engineNames.",
  );
});
