// What is destroyed while an operation is under way.

import { describe, expect, test } from "vitest";
import { openGpu, TempogradError } from "../../src/index";
import { useGpu } from "../workbench";
import { needNetwork } from "./operations";
import { destroy, worldOf } from "./world";

describe("destroyed in mid-flight", () => {
  const gpu = useGpu(); // tells of uncaptured errors
  const methods = [
    "read",
    "pass",
    "inference",
    "predict",
    "predictor",
    "readStates",
    "train",
    "forward",
    "backward",
    "gradientNorm",
    "snapshot",
  ];
  const functions = [
    "Predictor.run",
    "evaluate",
    "generate",
    "traceGradients",
    "saveNetwork",
    "saveCheckpoint",
    "Trainer",
  ];
  const uses = [...methods.map((name) => `.${name}`), ...functions].map((name) => {
    return needNetwork.find(([other]) => (name.startsWith(".") ? other.endsWith(name) : other === name))!;
  });
  const soon = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const moments = [
    ["network", () => Promise.resolve()],
    ["network", () => soon(0)],
    ["network", () => soon(5)],
    ["trainer", () => soon(0)],
    ["gpu", () => soon(0)],
    ["gpu", () => soon(5)],
  ] as const;

  test.each(uses)("%s fails by name, or answers what it would have", async (name, use) => {
    for (const [what, moment] of moments) {
      const all = await worldOf(await openGpu({ device: gpu().device }), () => {});
      const expected = await use(all);
      if (all.trainer.step > 3) all.trainer.restore(all.saved);
      const outcome = Promise.resolve(use(all)).then(
        (value) => ({ value, error: undefined }),
        (error) => ({ value: undefined, error }),
      );
      await moment();
      if (what === "gpu") all.gpu.destroy();
      else destroy(all, what);
      const { value, error } = await outcome;
      if (error === undefined) expect(value).toEqual(expected);
      else {
        expect(error).toBeInstanceOf(TempogradError);
        expect(error).toMatchObject({ code: "destroyed" });
        expect(error.message).toMatch(
          new RegExp(`^(${name}(\\.create)?${name === "Trainer.backward" ? "|Trainer.forward" : ""}): `),
        );
      }
      all.gpu.destroy();
    }
  });
});
