// What a plan leaves out where some parameters are frozen, counted without a device.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { devices } from "../../demo/kernels/devices";
import type { NamedCell } from "../../src/cells/cells";
import { describe as described, memoryOf } from "../../src/gpu/describe";
import { Plan } from "../../src/gpu/plan";
import { layoutOf, PlannedBuffer, plannedTensors } from "../../src/gpu/tensor";
import { networkConfig, type UniformOptions } from "../../src/index";
import { planPass } from "../../src/network/pass-plan";
import { parameterShapes } from "../../src/parts/parameter-shapes";
import { everyWay } from "./every-way";

function planOf(options: UniformOptions, trainable?: readonly string[], checkpointEvery?: number) {
  const config = networkConfig(options);
  const specs = parameterShapes(config);
  const { tensors } = plannedTensors(new PlannedBuffer("parameters", layoutOf(specs).bytes, "storage"), specs);
  const plan = new Plan("test", devices.phone.traits);
  const pass = planPass(
    plan,
    config,
    tensors,
    { steps: 8, batch: 4, gradients: true, trainable, checkpointEvery },
    everyWay,
  );
  const { lines, total } = described(plan);
  const memory = memoryOf(plan, "test");
  const bytesOf = (label: string) =>
    memory.buffers.filter((buffer) => buffer.label === label).reduce((sum, { bytes }) => sum + bytes, 0);
  const count = (label: RegExp) =>
    lines.filter((line) => label.test(line.label)).reduce((sum, { times }) => sum + times, 0);
  return { pass, lines, total, memory, bytesOf, count, specs };
}

const networks = fc.record({
  ...{ inputs: fc.integer({ min: 1, max: 9 }), hidden: fc.integer({ min: 1, max: 9 }), outputs: fc.constant(3) },
  cell: fc.constantFrom<NamedCell>(
    { cell: "elman" },
    { cell: "gru", reset: "after" },
    { cell: "gru", reset: "before" },
    { cell: "lstm" },
  ),
  layers: fc.integer({ min: 1, max: 4 }),
  bidirectional: fc.boolean(),
  input: fc.constantFrom("tokens" as const, "features" as const),
  readout: fc.constantFrom("every-step" as const, "last-step" as const),
});

describe("a plan", () => {
  test("has the products, sweeps and gradients of what learns and of what that needs, and no others", () => {
    fc.assert(
      fc.property(networks, fc.nat(2 ** 30 - 1), fc.nat(29), ({ cell, ...rest }, chosen, one) => {
        const options: UniformOptions = { ...cell, ...rest };
        const { layers, bidirectional } = rest;
        const names = Object.keys(parameterShapes(networkConfig(options)));
        const trainable = names.filter((_, i) => (chosen >> i) & 1 || i === one % names.length);
        const { count, lines, pass, bytesOf, specs } = planOf(options, trainable);
        const learns = (name: string) => trainable.includes(name);
        const directions = bidirectional ? ["", "reverse."] : [""];
        const all = Array.from({ length: layers }, (_, layer) => directions.map((way) => `layer${layer}.${way}`));
        const some = (prefix: string) =>
          trainable.some((name) => name.startsWith(prefix) && name.split(".").length === prefix.split(".").length);
        const lowest = all.findIndex((ways) => ways.some(some));
        const reached = lowest < 0 ? [] : all.slice(lowest);
        const prefixes = all.flat();
        // A direction of the lowest layer of which nothing learns needs no sweep.
        const swept = [...(reached[0] ?? []).filter(some), ...reached.slice(1).flat()];
        expect(count(/ backward/)).toBe(swept.length);
        expect(count(/^dx = /)).toBe(reached.slice(1).flat().length);
        expect(count(/^dh = /)).toBe(reached.length > 0 ? 1 : 0);
        const productsOfU = "reset" in cell ? 2 : 1; // the candidate's is apart
        const [ofU, ofW] = ["recurrentWeight", "inputWeight"].map((kind) =>
          prefixes.filter((prefix) => learns(prefix + kind)),
        ) as [string[], string[]];
        expect(count(/^dU = /)).toBe(productsOfU * ofU.length);
        expect(count(/^dW = /)).toBe(ofW.length);
        expect(count(/^dV = /)).toBe(
          learns("outputWeight") ? (rest.readout === "last-step" ? directions.length : 1) : 0,
        );
        for (const [label, bias] of [
          [/db = /, "bias"],
          [/db_r/, "recurrentBias"],
        ] as const) {
          expect(count(label), bias).toBe(prefixes.filter((prefix) => learns(prefix + bias)).length);
        }
        expect(count(/db_o = /)).toBe(learns("outputBias") ? 1 : 0);
        const alone = prefixes.filter(
          (prefix) =>
            learns(`${prefix}bias`) &&
            !learns(`${prefix}inputWeight`) &&
            (productsOfU === 2 || !learns(`${prefix}recurrentWeight`)),
        );
        const aloneCandidate = prefixes.filter(
          (prefix) => learns(`${prefix}recurrentBias`) && !learns(`${prefix}recurrentWeight`),
        );
        const ofOutput = learns("outputBias") && !learns("outputWeight") ? 1 : 0;
        expect(lines.filter(({ kernel }) => kernel.startsWith("row-sum"))).toHaveLength(
          alone.length + aloneCandidate.length + ofOutput,
        );
        expect(Object.keys(pass.gradients!.tensors)).toEqual(trainable);
        const wanted = layoutOf(Object.fromEntries(trainable.map((name) => [name, specs[name]!])));
        expect(bytesOf("gradients")).toBe(wanted.bytes);
        expect(bytesOf("dOutput") === 0).toBe(reached.length === 0);
      }),
      { numRuns: 60 },
    );
  });

  test("is what it is without the option where all learn", () => {
    fc.assert(
      fc.property(networks, ({ cell, ...rest }) => {
        const whole = planOf({ ...cell, ...rest });
        const { lines, memory } = planOf({ ...cell, ...rest }, ["layer", "output"]);
        expect(lines).toEqual(whole.lines);
        expect(memory).toEqual(whole.memory);
      }),
      { numRuns: 15 },
    );
  });

  test.each(["every-step", "last-step"] as const)(
    "in segments goes back through no layer below the lowest that learns, read at %s",
    (readout) => {
      const options: UniformOptions = {
        ...{ cell: "lstm", layers: 3, inputs: 5, hidden: 6, outputs: 4, input: "tokens", readout },
      };
      const sweeps = (trainable: string[]) => planOf(options, trainable, 2).count(/lstm backward/);
      expect(sweeps(["layer0."])).toBe(3 * 4);
      expect(sweeps(["layer2.bias"])).toBe(4);
      expect(sweeps(["output"])).toBe(0);
      const forward = planOf(options, ["output"], 2).count(/lstm forward/);
      // Read at the end, only the last segment goes forward again: no gradient goes further back.
      expect(forward).toBe(readout === "last-step" ? 3 * 4 : 3 * 7);
    },
  );

  test("of a frozen network below its output layer takes less than two fifths of the work and no room for the rest", () => {
    const options: UniformOptions = {
      ...{ cell: "lstm", layers: 2, inputs: 32, hidden: 64, outputs: 32, input: "tokens", readout: "every-step" },
    };
    const [all, output] = [planOf(options), planOf(options, ["output"])];
    expect(output.total.flops).toBeLessThan(0.4 * all.total.flops);
    expect(output.memory.bytes).toBeLessThan(all.memory.bytes);
    const batch = ({ pass }: typeof all) => Object.keys(pass.batch.tensors);
    expect(batch(all)).toContain("tokenOrder");
    expect(batch(output)).not.toContain("tokenOrder");
  });
});
