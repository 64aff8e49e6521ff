// Plans for devices that are not here: made, counted and compared by what the devices say of themselves.
import { describe, expect, test } from "vitest";
import { shapes } from "../../demo/benchmark/problem";
import { describe as lines, memoryOf } from "../../src/gpu/describe";
import { Plan } from "../../src/gpu/plan";
import { layoutOf, PlannedBuffer, plannedTensors } from "../../src/gpu/tensor";
import type { DeviceTraits, Limits } from "../../src/gpu/traits";
import { networkConfig } from "../../src/index";
import { parameterShapes } from "../../src/network/parameters";
import { planPass } from "../../src/network/pass-plan";

/** What WebGPU promises everywhere. */
const least: Limits = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
};
const phone: DeviceTraits = { limits: least, software: false, quads: false, cores: 8 };
const laptop: DeviceTraits = {
  ...{ software: false, quads: false, cores: 8 },
  limits: { ...least, maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 31 - 4 },
};
const rtx: DeviceTraits = {
  ...{ software: false, quads: false, cores: 16 },
  limits: {
    ...{ ...least, maxBufferSize: 2 ** 32, maxStorageBufferBindingSize: 2 ** 32 - 4 },
    ...{ maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupSizeX: 1024 },
  },
};
const processor: DeviceTraits = { ...laptop, software: true, quads: true, cores: 2 };
const devices = { phone, laptop, rtx, processor };

function planOf(traits: DeviceTraits, { batch, steps, hidden, symbols }: (typeof shapes)[keyof typeof shapes]) {
  const config = networkConfig({
    ...{ cell: "lstm", inputs: symbols, hidden, outputs: symbols, input: "tokens", readout: "every-step" },
  });
  const specs = parameterShapes(config);
  const { tensors } = plannedTensors(new PlannedBuffer("parameters", layoutOf(specs).bytes, "storage"), specs);
  const plan = new Plan("test", traits);
  planPass(plan, config, tensors, { steps, batch, gradients: true }, {});
  return plan;
}

describe.each(Object.entries(devices))("a training pass on a %s", (_, traits) => {
  test.each(Object.keys(shapes) as (keyof typeof shapes)[])("is planned at %s without a device", (name) => {
    const plan = planOf(traits, shapes[name]);
    const { lines: described, total } = lines(plan);
    expect(total.dispatches).toBe(described.reduce((sum, { times }) => sum + times, 0));
    expect(total.flops).toBeGreaterThan(0);
    const { maxComputeWorkgroupsPerDimension: most } = traits.limits;
    for (const { workgroups, label } of described) {
      expect(Math.max(...workgroups), label).toBeLessThanOrEqual(most);
    }
    const { bytes, buffers } = memoryOf(plan, "test");
    expect(buffers.reduce((sum, buffer) => sum + buffer.bytes, 0)).toBe(bytes);
    expect(lines(planOf(traits, shapes[name]))).toEqual(lines(plan)); // the same each time
  });
});

test("devices that differ get other kernels for the same equations, and the same work", () => {
  const [onGpu, onProcessor] = [rtx, processor].map((traits) => lines(planOf(traits, shapes.M)));
  const sweeps = ({ lines }: NonNullable<typeof onGpu>) =>
    lines.filter(({ label }) => label.startsWith("lstm forward")).map(({ kernel }) => kernel);
  expect(sweeps(onGpu!)).not.toEqual(sweeps(onProcessor!));
  const recurrent = ({ lines }: NonNullable<typeof onGpu>) =>
    lines.filter(({ label }) => label.startsWith("lstm")).reduce((sum, { flops }) => sum + flops, 0);
  expect(recurrent(onGpu!)).toBe(recurrent(onProcessor!));
});
