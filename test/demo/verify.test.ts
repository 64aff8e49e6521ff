// PyTorch's recordings, computed on the reference, in Node and in Chromium.

import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type Place, verifyingOn } from "../../demo/terminal/backends";
import { compare, type Verdict, verifyRecording } from "../../demo/terminal/recording";
import { type Recording, readRecording } from "../../demo/terminal/recording-file";
import { computeOnReference } from "../../demo/terminal/recording-on-reference";
import { readSafetensors, type Schedule, writeSafetensors } from "../../src/index";

const folder = resolve(import.meta.dirname, "../recordings");
const bytesOf = (name: string) => readFile(resolve(folder, `${name}.safetensors`));

const names = readdirSync(folder)
  .filter((file) => file.endsWith(".safetensors"))
  .map((file) => file.replace(".safetensors", ""));

async function differing(place: Place, schedule: Schedule, of = names): Promise<string[]> {
  return verifyingOn(place, schedule, async (verify) => {
    const wrong: string[] = [];
    for (const name of of) {
      const verdict: Verdict = await verify(await bytesOf(name));
      if ("unsupported" in verdict) wrong.push(`${name}: unsupported ${verdict.unsupported}`);
      else if (verdict.differs) wrong.push(`${name}: ${verdict.differs} ${JSON.stringify(verdict.errors)}`);
    }
    return wrong;
  });
}

describe("all recordings agree", () => {
  test("on the reference", async () => {
    expect(await differing("reference", "fused")).toEqual([]);
  });
  test.each<[Place, Schedule]>([
    ["node", "fused"],
    ["node", "unrolled"],
    ["chromium", "fused"],
    ["chromium", "unrolled"],
  ])("in %s, %s", async (place, schedule) => {
    expect(await differing(place, schedule)).toEqual([]);
  });
});

test.each<Place>(["node", "chromium"])("recordings of stacked layers agree in %s as a wavefront", async (place) => {
  expect(await differing(place, "wavefront", ["elman-three-layers", "lstm-two-layers"])).toEqual([]);
});

describe("a verification", () => {
  test("names the first tensor that differs, and any value that is not a number", async () => {
    const { metadata, tensors } = readSafetensors(await bytesOf("elman-state"));
    for (const [name, spoil] of [
      ["grad.hidden", (value: number) => value + 1e-3],
      ["expected.logits", () => Number.NaN],
    ] as const) {
      const tensor = tensors.get(name)!;
      const data = tensor.data.slice();
      data[0] = spoil(data[0]!);
      const recording = readRecording(
        writeSafetensors(new Map(tensors).set(name, { ...tensor, data }), metadata),
      ) as Recording;
      expect(compare(recording, computeOnReference(recording)).differs).toBe(name);
    }
  });

  test("fails where there is nothing to compare", async () => {
    const { metadata, tensors } = readSafetensors(await bytesOf("elman-state"));
    const inputs = [...tensors].filter(([name]) => !/^(expected|grad)\./.test(name));
    const recording = readRecording(writeSafetensors(inputs, metadata)) as Recording;
    expect(compare(recording, computeOnReference(recording)).differs).toBe("nothing to compare");
  });

  test("holds every tensor that a recording expects against something", async () => {
    for (const name of names) {
      const recording = readRecording(await bytesOf(name)) as Recording;
      const computed = computeOnReference(recording);
      const expected = [...recording.tensors.keys()].filter((key) => /^(expected|grad|after)\./.test(key));
      expect(expected.filter((key) => !computed.has(key))).toEqual([]);
      const missing = new Map(computed);
      missing.delete(expected.at(-1)!);
      expect(compare(recording, missing).differs).toBe(expected.at(-1));
    }
  });

  test("says what a recording needs that is not there", async () => {
    const { metadata, tensors } = readSafetensors(await bytesOf("train-adam"));
    const network = JSON.stringify({ ...JSON.parse(metadata.network!), cell: "mgu" });
    const training = JSON.stringify({ steps: 1, optimizer: { kind: "lion", learningRate: 1 } });
    const bytes = writeSafetensors(tensors, { ...metadata, network, training });
    expect(await verifyRecording(bytes, "reference")).toEqual({ unsupported: ["cell mgu", "optimizer lion"] });
  });

  test("is of all 38 recordings", () => {
    expect(names).toHaveLength(38);
  });
});
