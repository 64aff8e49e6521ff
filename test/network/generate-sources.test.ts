// What is generated of several sources at once: each as if it were alone.

import { expect, test } from "vitest";
import {
  embedding,
  everyStep,
  features,
  type GenerateOptions,
  generate,
  gru,
  type Input,
  lstm,
  Network,
  type ReferenceParameters,
  referenceForward,
} from "../../src/index";
import { integers, numbers } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const create = (input: Input) =>
  Network.create(gpu(), {
    ...{ encoder: { input, layers: [lstm(9), gru(6)] }, input: embedding(12, 4), layers: [lstm(9), gru(6)] },
    ...{ readout: everyStep(11), seed: 2 },
  });

/** Parameters so large that the answers differ. */
async function loud(network: Network): Promise<ReferenceParameters> {
  const values = [...(await network.read())].map(
    ([name, { shape, data }], i) => [name, { shape, data: numbers(data.length, 20 + i, 2) }] as const,
  );
  network.write(new Map(values));
  return Object.fromEntries(values.map(([name, { data }]) => [name, Float64Array.from(data)]));
}

const prompt = [11, 3];
const length = 6;

test("the likeliest tokens of sources of any lengths are the reference's of each", async () => {
  const network = await create(features(2));
  const parameters = await loud(network);
  const sources = Array.from({ length: 5 }, (_, i) => numbers(2 * (1 + ((3 * i) % 5)), i + 1, 3));
  const answers = await generate(network, { source: sources, prompt, length, topK: 1 });
  expect(new Set(answers.map(String)).size).toBeGreaterThan(2);
  for (const [i, source] of sources.entries()) {
    const written = [...prompt];
    while (written.length < prompt.length + length) {
      const targets = new Int32Array(written.length);
      const batch = {
        steps: written.length,
        batch: 1,
        inputs: written,
        targets,
        source,
        sourceSteps: source.length / 2,
      };
      const last = [...referenceForward(network.config, parameters, batch).logits.slice(-11)];
      written.push(last.indexOf(Math.max(...last)));
    }
    expect([...answers[i]!]).toEqual(written.slice(prompt.length));
  }
  network.destroy();
});

test("of more sources than are computed side by side each is drawn as if it were alone", async () => {
  const network = await create(embedding(5, 3));
  await loud(network);
  const sources = Array.from({ length: 34 }, (_, i) => integers(1 + (i % 4), i + 1, 0, 4));
  const ask = { prompt, length: 3, temperature: 2, seed: 8 };
  const answers = await generate(network, { ...ask, source: sources });
  expect(answers).toHaveLength(34);
  for (const i of [5, 31, 32]) expect(answers[i]).toEqual(await generate(network, { ...ask, source: sources[i]! }));
  expect(await generate(network, { ...ask, source: [sources[5]!] })).toEqual([answers[5]]);
  network.destroy();
});

test("a list of sources of which one is wrong is refused, and so are tokens as they come", async () => {
  const network = await create(embedding(5, 3));
  const ask = { prompt, length };
  const asked = (more: object) => generate(network, { ...ask, ...more } as GenerateOptions);
  await expect(asked({ source: [[1], [5]] })).rejects.toThrow(
    "generate: source[1][0] is 5, expected a token from 0 to 4",
  );
  await expect(asked({ source: [[1], []] })).rejects.toThrow(
    "generate: source[1] is empty, expected one step or more, each a token from 0 to 4",
  );
  await expect(asked({ source: [] })).rejects.toThrow("generate: source is empty");
  await expect(asked({ source: [[1]], onTokens() {} })).rejects.toThrow("generate: onTokens is given, expected none");
  network.destroy();
});
