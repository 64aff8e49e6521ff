// PyTorch's recordings, computed on the reference, in Node and in Chromium.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type Place, verifyingOn } from "../../demo/terminal/backends";
import { compare, computeOnReference, parseRecording, type Verdict } from "../../demo/terminal/recording";
import { readSafetensors, type Schedule, writeSafetensors } from "../../src/index";

const folder = resolve(import.meta.dirname, "../recordings");
const bytesOf = (name: string) => readFile(resolve(folder, `${name}.safetensors`));

const supported = [
  "i-like-nlp",
  "elman-ignored-targets",
  "elman-last-step",
  "elman-long",
  "elman-ragged",
  "elman-ragged-last-step",
  "elman-regression",
  "elman-relu",
  "elman-saturated",
  "elman-state",
  "elman-tokens",
  "elman-wide",
  "train-sgd",
  "train-momentum",
  "train-nesterov",
  "train-clip-norm",
  "train-clip-value",
];

async function differing(place: Place, schedule: Schedule): Promise<string[]> {
  return verifyingOn(place, schedule, async (verify) => {
    const wrong: string[] = [];
    for (const name of supported) {
      const verdict: Verdict = await verify(await bytesOf(name));
      if ("unsupported" in verdict) wrong.push(`${name}: unsupported ${verdict.unsupported}`);
      else if (verdict.differs) wrong.push(`${name}: ${verdict.differs} ${JSON.stringify(verdict.errors)}`);
    }
    return wrong;
  });
}

describe("the recordings of Elman networks agree", () => {
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
      const recording = parseRecording(writeSafetensors(new Map(tensors).set(name, { ...tensor, data }), metadata));
      expect(compare(recording, computeOnReference(recording)).differs).toBe(name);
    }
  });

  test("fails where there is nothing to compare", async () => {
    const { metadata, tensors } = readSafetensors(await bytesOf("elman-state"));
    const inputs = [...tensors].filter(([name]) => !/^(expected|grad)\./.test(name));
    const recording = parseRecording(writeSafetensors(inputs, metadata));
    expect(compare(recording, computeOnReference(recording)).differs).toBe("nothing to compare");
  });

  test("holds every tensor that a recording expects against something", async () => {
    for (const name of supported) {
      const recording = parseRecording(await bytesOf(name));
      const computed = computeOnReference(recording);
      const expected = [...recording.tensors.keys()].filter((key) => /^(expected|grad|after)\./.test(key));
      expect(expected.filter((key) => !computed.has(key))).toEqual([]);
      const missing = new Map(computed);
      missing.delete(expected.at(-1)!);
      expect(compare(recording, missing).differs).toBe(expected.at(-1));
    }
  });

  test("says what a recording needs that is not there", async () => {
    expect(parseRecording(await bytesOf("elman-three-layers")).unsupported).toEqual(["3 layers"]);
    expect(parseRecording(await bytesOf("lstm-label-smoothing")).unsupported).toEqual(["cell lstm", "label smoothing"]);
    expect(parseRecording(await bytesOf("train-truncated")).unsupported).toEqual(["cell lstm", "carry"]);
  });
});
