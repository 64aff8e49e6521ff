import { expect, test } from "vitest";
import { fromHalf } from "../../src/gpu/half";
import { convert, convertRows } from "../../src/ops/convert";
import * as reference from "../../src/reference/convert";
import { numbers } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test("convert scales by what is in the first of the numbers", async () => {
  const bench = new Workbench(gpu());
  const data = numbers(9 * 13, 1);
  const x = bench.tensor("x", [9, 13], data);
  const out = bench.tensor("out", [9, 13]);
  const scaling = bench.tensor("scaling", [2], [8, 3]);
  convert(bench.plan, { label: "convert", x, out, scaling });
  expect([...(await bench.run({ out })).out]).toEqual([...reference.convert(data, 8)]);
});

test("convertRows takes rows from where they are to where they go", async () => {
  const bench = new Workbench(gpu());
  const data = numbers(6 * 16, 2);
  const x = { tensor: bench.tensor("x", [6, 16], data), start: 4 + 1, stride: 4 }; // from row 1, column 4
  const out = { tensor: bench.tensor("out", [8, 8]), start: 2 * 2, stride: 2 };
  convertRows(bench.plan, { label: "convert", x, out, rows: 5, width: 2 });
  const got = await bench.run({ out: out.tensor });
  const expected = Array.from({ length: 64 }, (_, i) => {
    const row = Math.floor(i / 8) - 2;
    return row >= 0 && row < 5 ? data[(row + 1) * 16 + 4 + (i % 8)]! : 0;
  });
  expect([...got.out]).toEqual(expected);
});

test("every half is the number that its bits say, and the nearest of those about it", () => {
  const finite = Array.from({ length: 0x7c00 }, (_, bits) => fromHalf(bits));
  expect([finite[0], finite[1], finite[0x3c00], finite[0x3555], finite.at(-1)]).toEqual([
    0,
    2 ** -24,
    1,
    0.333251953125,
    65504,
  ]);
  const wrong = finite.slice(0, -1).filter((value, bits) => {
    const next = finite[bits + 1]!;
    const [middle, eighth] = [(value + next) / 2, (next - value) / 8];
    const rounded = [value, middle, middle - eighth, middle + eighth].map(reference.nearestHalf);
    const expected = [value, bits % 2 === 0 ? value : next, value, next];
    return !(next > value && fromHalf(bits | 0x8000) === -value && rounded.every((got, i) => got === expected[i]));
  });
  expect(wrong).toEqual([]);
  expect([0x7c00, 0xfc00, 0x7e00].map(fromHalf)).toEqual([
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]);
  expect([65505, -1e9, Number.NaN].map(reference.nearestHalf)).toEqual([
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]);
});
