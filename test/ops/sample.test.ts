import fc from "fast-check";
import { expect, test } from "vitest";
import { sample, sampleSettings, settingsSpec } from "../../src/ops/sample";
import * as reference from "../../src/reference/sample";
import { numbers } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

interface Case {
  logits: Float32Array;
  temperature?: number;
  topK?: number;
  seed?: number;
  prompt?: number[];
  room: number;
  runs?: number;
}

/** All tokens after `runs` draws from the same logits. */
async function draw({ logits, temperature = 1, topK = 0, seed = 1, prompt = [0], room, runs = room - 1 }: Case) {
  const bench = new Workbench(gpu());
  const settings = sampleSettings({ temperature, topK, seed, prompt: prompt.length, room });
  const given = Array.from({ length: room }, (_, i) => prompt[i] ?? -1);
  const tensors = {
    position: bench.tensor("position", [1], [0], { type: "u32" }),
    tokens: bench.tensor("tokens", [room], given, { type: "i32" }),
    next: bench.tensor("next", [1, 1], [0], { type: "i32" }),
    notFinite: bench.tensor("notFinite", [1], [0], { type: "u32" }),
  };
  const bindings = {
    ...tensors,
    logits: bench.tensor("logits", [1, logits.length], logits),
    settings: bench.tensor("settings", settingsSpec.shape, settings, { type: "u32" }),
  };
  for (let run = 0; run < runs; run++) sample(bench.plan, bindings);
  const got = await bench.run(tensors);
  return { tokens: [...got.tokens], position: got.position[0], next: got.next[0], notFinite: got.notFinite[0] };
}

test("sample draws the reference's tokens, for any logits, temperature, top k, seed and position", async () => {
  const cases = fc.record({
    outputs: fc.integer({ min: 1, max: 300 }),
    scale: fc.constantFrom(0.1, 1, 10),
    ties: fc.boolean(),
    temperature: fc.constantFrom(0.1, 0.8, 1, 5),
    topShare: fc.constantFrom(0, 0.01, 0.3, 1),
    seed: fc.integer({ min: 0, max: 0xffffffff }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ outputs, scale, ties, temperature, topShare, seed }) => {
      const exact = numbers(outputs, seed % 1000, scale);
      const logits = ties ? exact.map((logit) => Math.ceil(4 * logit) / 4 + 0) : exact; // + 0: no −0
      const topK = Math.ceil(topShare * outputs);
      const { tokens } = await draw({ logits, temperature, topK, seed, room: 40 });
      for (const [i, token] of tokens.slice(1).entries()) {
        const keys = reference.sampleKeys(logits, { temperature, topK, seed, position: i });
        const best = keys[reference.sample(logits, { temperature, topK, seed, position: i })]!;
        expect(best - keys[token]!).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(best))); // else a draw decides
      }
    }),
    { numRuns: 20 },
  );
});

test("sample draws each token as often as softmax says, and among the top k alone", () => {
  const logits = Float32Array.of(0, 1, 2, -1, 0.5);
  const count = 20_000;
  for (const [topK, kept] of [
    [0, [0, 1, 2, 3, 4]],
    [2, [1, 2]],
  ] as const) {
    const drawn = new Float64Array(5);
    for (let position = 0; position < count; position++) {
      drawn[reference.sample(logits, { temperature: 0.7, topK, seed: 9, position })]! += 1;
    }
    const weights = [...logits].map((logit, k) =>
      (kept as readonly number[]).includes(k) ? Math.exp(logit / 0.7) : 0,
    );
    const sum = weights.reduce((total, weight) => total + weight);
    for (const [k, weight] of weights.entries()) {
      const p = weight / sum;
      expect(Math.abs(drawn[k]! / count - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / count));
    }
  }
});

test("sample takes the likeliest for top 1, the prompt while there is one, and ends with the room", async () => {
  const logits = numbers(70, 3);
  const likeliest = logits.indexOf(Math.max(...logits));
  const { tokens, position, next } = await draw({ logits, topK: 1, prompt: [4, 5, 6], room: 6, runs: 9 });
  expect(tokens).toEqual([4, 5, 6, likeliest, likeliest, likeliest]);
  expect([position, next]).toEqual([5, likeliest]);
  expect(await draw({ logits, topK: 1, prompt: [4, 5, 6], room: 6, runs: 1 })).toMatchObject({ position: 1, next: 5 });
});

test("sample draws other tokens from another seed, and stays in range where logits are not numbers", async () => {
  const logits = numbers(70, 3, 0.1);
  const first = await draw({ logits, room: 30 });
  expect(await draw({ logits, room: 30 })).toEqual(first);
  expect(await draw({ logits, room: 30, seed: 2 })).not.toEqual(first);
  const { tokens } = await draw({ logits: new Float32Array(70).fill(Number.NaN), topK: 3, room: 4 });
  expect(tokens).toEqual([0, 0, 0, 0]);
});
