import { describe, expect, test } from "vitest";
import { openGpu } from "../../src/gpu/device";
import type { KernelSource } from "../../src/gpu/kernel";
import { Plan } from "../../src/gpu/plan";
import { planTable } from "../../src/gpu/plan-table";
import { createTensors, readFloats, writeTensor } from "../../src/gpu/tensor";
import { useGpu } from "../workbench";

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
  const plan = new Plan(gpu(), "test");
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
    writeTensor(gpu(), a, [1, 2, 3, 4]);
    await plan.compile();
    plan.run();
    expect([...(await readFloats(gpu(), out))]).toEqual([2, 4, 6, 8]);
    const { lines, total } = plan.describe();
    expect(lines).toEqual([{ label: "twice", kernel: "double", workgroups: [1, 1, 1], flops: 4, bytes: 32, times: 1 }]);
    expect(total).toEqual({ dispatches: 1, flops: 4, bytes: 32 });
    expect(planTable(plan)).toContain("total: 1 dispatches");
    plan.destroy();
    expect(gpu().live).toEqual(live);
  });

  test("names a missing, an extra and a misspelt binding", () => {
    const { plan, a, out, dispatch } = planOf();
    expect(() => plan.add({ ...dispatch, bindings: { a } })).toThrow(
      'test: "twice" (double): binding "out" is missing',
    );
    expect(() => plan.add({ ...dispatch, bindings: { a, out, b: a } })).toThrow('no binding "b", it declares a, out');
    plan.destroy();
  });

  test("refuses a grid larger than the device allows", () => {
    const { plan, a, out, dispatch } = planOf();
    expect(() => plan.add({ ...dispatch, bindings: { a, out }, workgroups: [1e6] })).toThrow("expected 1 to 65535");
    plan.destroy();
  });

  test("throws the compiler's message, with its line, for a shader that does not compile", async () => {
    const { plan, a, out, dispatch } = planOf(doubling("out[id.x] = unknownName;"));
    plan.add({ ...dispatch, bindings: { a, out } });
    await expect(plan.compile()).rejects.toThrow(/double: the shader does not compile[\s\S]*unknownName/);
    plan.destroy();
  });

  test("shares one pipeline between equal kernels", async () => {
    expect(gpu().kernels.get(doubling())).toBe(gpu().kernels.get(doubling()));
    expect(gpu().kernels.get(doubling())).not.toBe(gpu().kernels.get({ ...doubling(), constants: { size: 3 } }));
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
  await plan.compile();
  plan.run();
  await readFloats(gpu(), out);
  plan.destroy();
});

test("Without WebGPU, openGpu says what is missing and what to do", async () => {
  await expect(openGpu({ gpu: { requestAdapter: async () => null } as unknown as GPU })).rejects.toThrow(
    "found no adapter; enable hardware acceleration",
  );
});
