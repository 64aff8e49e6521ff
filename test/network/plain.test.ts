// What is taken to be right at a glance is right by the checks too, and becomes the same.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { networkConfig, type UniformOptions } from "../../src/network/config";
import { checkPassOptions, type PassOptions } from "../../src/network/pass-options";
import { isPlainPass, plainConfig } from "../../src/network/plain";

/** Values that options may be given, by right or wrong. */
const odd = [undefined, null, 0, -1, 1, 0.5, 2, 3, 1000, 1001, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]
  .map((value): unknown => value)
  .concat([true, false, "", "lstm", "tokens", "every-step", "last-step", "cross-entropy", "fused", {}, [], [1]]);

/** Right options with some of them changed, left out, or others added. */
const changed = (right: object, names: readonly string[]) =>
  fc
    .array(fc.tuple(fc.constantFrom(...names), fc.oneof(fc.constantFrom(...odd), fc.constant("left out"))), {
      maxLength: 3,
    })
    .map((changes) => {
      const options: Record<string, unknown> = { ...right };
      for (const [name, value] of changes) {
        if (value === "left out") delete options[name];
        else options[name] = value;
      }
      return options;
    });

const unknown = ["constructor", "toString", "stepz", "__proto__x"];

test("a plain network's options are what the checks complete", () => {
  const right = { cell: "lstm", inputs: 5, hidden: 4, outputs: 3, input: "tokens", readout: "every-step" };
  const more = ["layers", "bidirectional", "loss", "seed", "dropout", "forgetBias", "activation", "reset"];
  const others = ["labelSmoothing", "classWeights", "initializer", "recurrentInitializer"];
  let plain = 0;
  fc.assert(
    fc.property(changed(right, [...Object.keys(right), ...more, ...others, ...unknown]), (options) => {
      const config = plainConfig(options);
      if (!config) return;
      plain++;
      const checked = networkConfig(options as unknown as UniformOptions);
      expect(Object.entries(config)).toEqual(Object.entries(checked));
      expect(Object.isFrozen(config)).toBe(true);
    }),
    { numRuns: 3000 },
  );
  expect(plain).toBeGreaterThan(300);
});

test.each([null, undefined, 3, "lstm", [], {}])("%o is no plain network", (options) => {
  expect(plainConfig(options)).toBeUndefined();
});

describe("the checks have nothing to say of a plain pass", () => {
  const size = { inputs: 2, hidden: 2, outputs: 2, input: "features", readout: "last-step" } as const;
  const parts = {
    input: { kind: "features", width: 2 },
    readout: { kind: "last-step", outputs: 2, bias: true, tied: false },
  };
  const layer = { cell: "lstm", hidden: 4, bidirectional: true, dropout: 0, bias: true, projection: 2 };
  const networks = {
    "of one direction": { ...size, cell: "elman" },
    "of both directions": { ...size, cell: "gru", bidirectional: true },
    "without a loss": { ...size, cell: "lstm", loss: { name: "none", targets: "none" } },
    projected: { ...parts, layers: [layer] },
  };

  test.each(Object.entries(networks))("of a network %s", (_, network) => {
    const config = networkConfig(network as UniformOptions);
    const right = { steps: 4, batch: 2 };
    const names = ["gradients", "training", "probabilities", "traceGradients", "lossCapacity", "trainable", "schedule"];
    const others = ["checkpointEvery", "initialState", "carryState", "weights", "joined", "sourceSteps"];
    let plain = 0;
    fc.assert(
      fc.property(changed(right, [...Object.keys(right), ...names, ...others, ...unknown]), (options) => {
        if (!isPlainPass(options as unknown as PassOptions)) return;
        plain++;
        checkPassOptions(config, options as unknown as PassOptions);
      }),
      { numRuns: 1000 },
    );
    expect(plain).toBeGreaterThan(100);
  });
});
