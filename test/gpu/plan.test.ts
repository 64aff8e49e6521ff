import { describe, expect, test } from "vitest";
import { openGpu } from "../../src/gpu/open";
import { Plan } from "../../src/gpu/plan";
import { planTable } from "../../src/gpu/plan-table";
import { type KernelSource, shaderOf } from "../../src/gpu/shader";
import { createTensors, readFloats, writeTensor } from "../../src/gpu/tensor";
import { programOf, useGpu } from "../workbench";

const gpu = useGpu();

const doubling = (source = "out[id.x] = 2.0 * a[id.x];"): KernelSource => ({
  shader: "double",
  source: `@group(0) @binding(0) var<storage, read> a: array<f32>;
    @group(0) @binding(1) var<storage, read_write> out: array<f32>;
    @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { ${source} }`,
  constants: {},
  flags: {},
});

function planOf(kernel = doubling()) {
  const plan = new Plan("test", gpu().traits);
  const a = plan.tensor("a", [4]);
  const out = plan.tensor("out", [4]);
  const dispatch = { label: "twice", kernel, workgroups: [1], flops: 4 } as const;
  return { plan, a, out, dispatch };
}

describe("a plan", () => {
  test("runs what was added, describes it, and frees what it made", async () => {
    const live = { ...gpu().live };
    const { plan, a, out, dispatch } = planOf();
    plan.add({ ...dispatch, bindings: { a, out } });
    const program = await programOf(gpu(), plan);
    writeTensor(gpu(), program.tensor(a), [1, 2, 3, 4]);
    program.run();
    expect([...(await readFloats(gpu(), program.tensor(out)))]).toEqual([2, 4, 6, 8]);
    const { lines, total } = program.describe();
    expect(lines).toEqual([{ label: "twice", kernel: "double", workgroups: [1, 1, 1], flops: 4, bytes: 32, times: 1 }]);
    expect(total).toEqual({ dispatches: 1, flops: 4, bytes: 32 });
    expect(planTable(program)).toContain("total: 1 dispatches");
    program.destroy();
    expect(gpu().live).toEqual(live);
  });

  test("names a missing, an extra and a misspelt binding", () => {
    const { plan, a, out, dispatch } = planOf();
    expect(() => plan.add({ ...dispatch, bindings: { a } })).toThrow(
      'test: "twice" (double): binding "out" is missing',
    );
    expect(() => plan.add({ ...dispatch, bindings: { a, out, b: a } })).toThrow('no binding "b", it declares a, out');
  });

  test("refuses a grid larger than the device allows", async () => {
    const { plan, a, out, dispatch } = planOf();
    plan.add({ ...dispatch, bindings: { a, out }, workgroups: [1e6] });
    await expect(programOf(gpu(), plan)).rejects.toThrow(
      'test: "twice" (double) takes [1000000, 1, 1] workgroups, this device allows 65535 each; ask for less.',
    );
  });

  test("throws the compiler's message, with its line, for a shader that does not compile", async () => {
    const { plan, a, out, dispatch } = planOf(doubling("out[id.x] = unknownName;"));
    plan.add({ ...dispatch, bindings: { a, out } });
    const live = { ...gpu().live };
    await expect(programOf(gpu(), plan)).rejects.toThrow(/double: the shader does not compile[\s\S]*unknownName/);
    expect(gpu().live).toEqual(live);
  });

  test("shares one pipeline between equal kernels", async () => {
    const form = { gated: false, moving: [] };
    const kernelOf = (more: Partial<KernelSource> = {}) =>
      gpu().kernels.get(shaderOf({ ...doubling(), ...more }), form);
    expect(kernelOf()).toBe(kernelOf());
    expect(kernelOf()).not.toBe(kernelOf({ constants: { size: 3 } }));
    const beside = await openGpu({ device: gpu().device });
    expect(beside.kernels.get(shaderOf(doubling()), form)).toBe(kernelOf());
    beside.destroy();
  });
});

describe("tensors", () => {
  test("come back as they were written, at any width, in one buffer or several", async () => {
    const specs = {
      vector: { shape: [5] },
      matrix: { shape: [3, 5] },
      tokens: { shape: [2, 3], type: "i32" },
    } as const;
    const group = createTensors(gpu(), "test", specs);
    const { vector, matrix, tokens } = group.tensors;
    const values = Array.from({ length: 15 }, (_, i) => i + 0.5);
    writeTensor(gpu(), vector, values.slice(0, 5));
    writeTensor(gpu(), matrix, values);
    writeTensor(gpu(), tokens, [1, 2, 3, 4, 5, -1]);
    expect([...(await readFloats(gpu(), matrix))]).toEqual(values);
    expect([...(await readFloats(gpu(), vector))]).toEqual(values.slice(0, 5));
    expect([...(await readFloats(gpu(), tokens))]).toEqual([1, 2, 3, 4, 5, -1]);
    expect(() => writeTensor(gpu(), vector, [1])).toThrow('"vector" got 1 values, expected 5 for [5]');
    group.destroy();
  });

  test("larger than the device allows are refused with both sizes", () => {
    expect(() => createTensors(gpu(), "huge", { huge: { shape: [2 ** 20, 2 ** 14] } })).toThrow(
      /"huge" takes 68719476736 bytes in one buffer/,
    );
  });
});

test("A caller's device is used as it is, and left open", async () => {
  const shared = await openGpu({ device: gpu().device });
  expect(shared.device).toBe(gpu().device);
  shared.destroy();
  const { plan, a, out, dispatch } = planOf();
  plan.add({ ...dispatch, bindings: { a, out } });
  const program = await programOf(gpu(), plan);
  program.run();
  await readFloats(gpu(), program.tensor(out));
  program.destroy();
});

test("Without WebGPU, openGpu says what is missing and what to do", async () => {
  await expect(openGpu({ gpu: { requestAdapter: async () => null } as unknown as GPU })).rejects.toThrow(
    "found no adapter; enable hardware acceleration",
  );
});
