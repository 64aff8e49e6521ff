import fc from "fast-check";
import { expect, test } from "vitest";
import { philoxSource } from "../../src/ops/philox";
import { philox } from "../../src/reference/philox";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

type Draw = { counter: [number, number, number, number]; key: [number, number] };

const entryPoint = `
@group(0) @binding(0) var<storage, read> draws: array<u32>;
@group(0) @binding(1) var<storage, read_write> words: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) id: vec3u) {
  let d = 6u * id.x;
  let drawn = philox(vec4u(draws[d], draws[d + 1u], draws[d + 2u], draws[d + 3u]), vec2u(draws[d + 4u], draws[d + 5u]));
  for (var lane = 0u; lane < 4u; lane++) { words[4u * id.x + lane] = drawn[lane]; }
}`;

async function onGpu(draws: Draw[]): Promise<number[]> {
  const bench = new Workbench(gpu());
  const numbers = draws.flatMap(({ counter, key }) => [...counter, ...key]);
  const words = bench.tensor("words", [4 * draws.length], undefined, { type: "u32" });
  bench.plan.add({
    label: "philox",
    kernel: { shader: "philox", source: `${philoxSource}${entryPoint}`, constants: {}, flags: {} },
    bindings: { draws: bench.tensor("draws", [numbers.length], numbers, { type: "u32" }), words },
    workgroups: [draws.length],
    flops: 0,
  });
  return [...(await bench.run({ words })).words];
}

// The known answers of Random123, the authors' own library.
const known: (Draw & { words: number[] })[] = [
  { counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

test("philox gives the known answers, on the reference and on the GPU", async () => {
  for (const { counter, key, words } of known) expect(philox(counter, key)).toEqual(words);
  expect(await onGpu(known)).toEqual(known.flatMap(({ words }) => words));
});

test("philox gives the same words on both for any counter and key", async () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  const draw = fc.record({ counter: fc.tuple(word, word, word, word), key: fc.tuple(word, word) });
  await fc.assert(
    fc.asyncProperty(fc.array(draw, { minLength: 50, maxLength: 50 }), async (draws) => {
      expect(await onGpu(draws)).toEqual(draws.flatMap(({ counter, key }) => philox(counter, key)));
    }),
    { numRuns: 4 },
  );
});
