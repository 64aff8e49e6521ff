// Plans for devices that are not here: made, counted and compared by what the devices say of themselves.
import { describe, expect, test } from "vitest";
import { shapes } from "../../demo/benchmark/problem";
import { devices } from "../../demo/kernels/devices";
import { trainingPass, workgroupsOf, workOf } from "../../demo/kernels/planned";
import { byDefault, describe as lines, memoryOf } from "../../src/gpu/describe";
import { expectRoom } from "../../src/gpu/expect-room";
import { roundUp } from "../../src/gpu/tensor";
import type { DeviceTraits } from "../../src/gpu/traits";
import { cellNames, planTable } from "../../src/index";

const { rtx4090 } = devices;
const processor: DeviceTraits = { ...rtx4090.traits, software: true, quads: true, cores: 2 };
const all: [string, DeviceTraits][] = [
  ...Object.values(devices).map(({ name, traits }): [string, DeviceTraits] => [name, traits]),
  ["processor", processor],
];
const shapeNames = Object.keys(shapes) as (keyof typeof shapes)[];
const cases = cellNames.flatMap((cell) => shapeNames.map((shape) => ({ cell, shape })));

describe.each(all)("a training pass on %s", (_, traits) => {
  test.each(cases)("is planned for $cell $shape without a device", ({ cell, shape }) => {
    const plan = trainingPass(traits, cell, shapes[shape]);
    expectRoom(plan, "test", byDefault);
    const { lines: described, total } = lines(plan);
    expect(total.dispatches).toBe(described.reduce((sum, { times }) => sum + times, 0));
    expect(total.flops).toBeGreaterThan(0);
    const table = planTable({ describe: () => lines(plan) });
    for (const { label } of described) expect(table).toContain(label);
    const { bytes, buffers } = memoryOf(plan, "test");
    expect(buffers.reduce((sum, buffer) => sum + buffer.bytes, 0)).toBe(bytes);
    expect(lines(trainingPass(traits, cell, shapes[shape]))).toEqual(lines(plan)); // the same each time
  });
});

test("devices that differ get other kernels for the same equations, and the same work", () => {
  const [onGpu, onProcessor] = [rtx4090.traits, processor].map((traits) =>
    lines(trainingPass(traits, "lstm", shapes.M)),
  );
  const sweeps = ({ lines }: NonNullable<typeof onGpu>) =>
    lines.filter(({ label }) => label.startsWith("lstm forward")).map(({ kernel }) => kernel);
  expect(sweeps(onGpu!)).not.toEqual(sweeps(onProcessor!));
  const recurrent = ({ lines }: NonNullable<typeof onGpu>) =>
    lines.filter(({ label }) => label.startsWith("lstm")).reduce((sum, { flops, times }) => sum + flops * times, 0);
  expect(recurrent(onGpu!)).toBe(recurrent(onProcessor!));
});

/** Of the figures of demo/benchmark/performance.md: the share of its flop/s that products reach, and its memory. */
const [flopsPerUs, bytesPerUs] = [0.4 * 82.6e6, 1.008e6];
/** What a dispatch costs after the last. */
const dispatchUs = 5;

test.each(cases.filter(({ shape }) => shape !== "S"))(
  "products of $cell $shape that take longer than a dispatch fill half of a large GPU",
  ({ cell, shape }) => {
    const { traits, multiprocessors } = rtx4090;
    const products = [...workOf(trainingPass(traits, cell, shapes[shape]).nodes, byDefault)].filter(
      ({ way }) => way?.topic === "product",
    );
    expect(products.length).toBeGreaterThanOrEqual(4); // o, dh, dV, dU
    for (const { dispatch } of products) {
      const { label, flops, bytes } = dispatch;
      if (Math.max(flops / flopsPerUs, bytes / bytesPerUs) < dispatchUs) continue;
      expect(workgroupsOf(dispatch), label).toBeGreaterThanOrEqual(multiprocessors / 2);
    }
  },
);

test("products are cut for GPUs alone, and into slabs that take less than a step does", () => {
  const slabsOf = (traits: DeviceTraits, cell: (typeof cellNames)[number], shape: keyof typeof shapes) => {
    const { bytes, buffers } = memoryOf(trainingPass(traits, cell, shapes[shape]), "test");
    const slabs = buffers.filter(({ label }) => label === "gradientSlabs").reduce((sum, one) => sum + one.bytes, 0);
    return { slabs, others: bytes - slabs };
  };
  for (const { cell, shape } of cases) {
    const { slabs, others } = slabsOf(rtx4090.traits, cell, shape);
    expect(slabs).toBeLessThan(others / 2);
  }
  expect(slabsOf(rtx4090.traits, "lstm", "M").slabs).toBeGreaterThan(0);
  expect(slabsOf(processor, "lstm", "M").slabs).toBe(0);
});

test("threads of a sweep hand each other numbers in a buffer where zeroing a workgroup's memory is written out, and there is room for one", () => {
  const bound = (traits: DeviceTraits) =>
    [...workOf(trainingPass(traits, "lstm", shapes.S).nodes, byDefault)]
      .filter(({ dispatch }) => dispatch.label.startsWith("lstm"))
      .map(({ dispatch }) => dispatch.shader.bindings.some(({ name }) => name === "factor"));
  const withRoom = (maxStorageBuffersPerShaderStage: number) => ({
    ...processor,
    limits: { ...processor.limits, maxStorageBuffersPerShaderStage },
  });
  expect(bound(withRoom(10))).toEqual([true, true]);
  expect(bound(withRoom(9))).toEqual([false, false]);
  expect(bound({ ...withRoom(10), quads: false })).toEqual([false, false]);
  expect(bound(rtx4090.traits)).toEqual([false, false]);
  const { buffers } = memoryOf(trainingPass(withRoom(10), "lstm", shapes.S), "test");
  const counts = [
    [25, 100],
    [100, 112],
  ]; // in vec4f: forward h and a sum a thread, back dgate and a sum a thread
  const bytes = counts.map((each) => each.reduce((sum, count) => sum + roundUp(16 * count, 256), 0));
  expect(buffers.filter(({ label }) => label === "exchange").map((buffer) => buffer.bytes)).toEqual(bytes);
});
