// How quickly wide networks begin: measured with nothing beside it, by the time of the processor.
import { expect, test } from "vitest";
import { networkConfig, type UniformOptions } from "../../src/network/config";
import { drawParameters } from "../../src/network/draw-parameters";
import { orthogonal } from "../../src/network/orthogonal";

const seconds = (since: NodeJS.CpuUsage) => process.cpuUsage(since).user / 1e6;

test.each([
  ["gru", 1024, 2],
  ["lstm", 2048, 8],
] as const)(
  "orthogonal %s of %i units: within %i s, in pieces of 50 ms at most but for a few",
  (cell, hidden, most) => {
    const options: UniformOptions = {
      ...{ cell, hidden, inputs: 64, outputs: 64, recurrentInitializer: "orthogonal" },
      ...{ input: "tokens", readout: "every-step", seed: 1 },
    };
    const drawing = drawParameters(networkConfig(options), orthogonal);
    const begun = process.cpuUsage();
    const pieces: number[] = [];
    for (let done: boolean | undefined = false; !done; ) {
      const piece = process.cpuUsage();
      done = drawing.next().done;
      pieces.push(seconds(piece));
    }
    expect(seconds(begun)).toBeLessThan(most);
    pieces.sort((a, b) => b - a); // garbage may be collected in one or another
    expect(pieces[3]).toBeLessThan(0.05);
  },
);
