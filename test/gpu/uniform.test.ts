// Uniforms by the names of their fields, as the shader has them.
import { describe, expect, test } from "vitest";
import { type DispatchSpec, Plan } from "../../src/gpu/plan";
import { readTensors } from "../../src/gpu/tensor";
import { packUniform, uniformLayout } from "../../src/gpu/uniform";
import { programOf, useGpu } from "../workbench";

const gpu = useGpu();

const source = `
  struct Numbers {
    scale: f32, // of what
    shift: i32,
    row: u32,
  }
  var<uniform> numbers: Numbers;
  var<uniform> step: u32;
  var<storage, read_write> out: array<f32>;
  @compute @workgroup_size(1) fn affine() {
    out[step] = numbers.scale * f32(numbers.row) + f32(numbers.shift);
  }`;
const kernel = { shader: "affine", source, constants: {}, flags: {} };

function planOf(bindings: (out: DispatchSpec["bindings"][string]) => DispatchSpec["bindings"]) {
  const plan = new Plan("test", gpu().traits);
  const out = plan.tensor("out", [4]);
  const add = () => plan.add({ label: "a·x + b", kernel, bindings: bindings(out), workgroups: [1], flops: 2 });
  return { plan, out, add };
}

describe("a uniform", () => {
  test("is written by names, whatever their order, with the type that the shader has", async () => {
    const { plan, out, add } = planOf((out) => ({ out, step: 2, numbers: { row: 7, shift: -3, scale: 0.5 } }));
    add();
    const program = await programOf(gpu(), plan);
    program.run();
    const [values] = await readTensors(gpu(), [program.tensor(out)]);
    expect([...values!]).toEqual([0, 0, 0.5, 0]);
    program.destroy();
  });

  test("has a value of its own in each run of a repeat, those within others too", async () => {
    const plan = new Plan("test", gpu().traits);
    const out = plan.tensor("out", [4]);
    const all = plan.tensor("all", [6]);
    plan.repeat(2, (outer) => {
      plan.repeat(3, (inner) => {
        const numbers = { index: outer, value: (run: number) => ({ scale: 10, row: run, shift: 1 }) };
        const step = { index: inner, value: (run: number) => run };
        plan.add({ label: "a·x + b", kernel, bindings: { out, numbers, step }, workgroups: [1], flops: 2 });
      });
      plan.copy(
        { buffer: out.buffer, offset: 0 },
        { buffer: all.buffer, offset: 0, moves: [{ index: outer, bytes: 12 }] },
        12,
      );
    });
    const program = await programOf(gpu(), plan);
    program.run();
    const [values] = await readTensors(gpu(), [program.tensor(all)]);
    expect([...values!]).toEqual([1, 1, 1, 11, 11, 11]);
    expect(program.describe().total.dispatches).toBe(6);
    const offsets = [...program.steps()].map((step) => (step.kind === "dispatch" ? step.offsets : step.to.offset));
    const interrupted = [];
    for (const step of program.steps()) {
      interrupted.push(step.kind === "dispatch" ? step.offsets : step.to.offset);
      expect([...program.steps()].length).toBe(8); // another run, in the middle of this one
    }
    expect(interrupted).toEqual(offsets);
    program.destroy();
  });

  test.each([
    [{ scale: 1, shift: 1 }, 'field "row" is undefined, expected a number for each of scale, shift, row'],
    [{ scale: 1, shift: 1, row: 1, rows: 1 }, 'no field "rows", expected scale, shift, row'],
    [{ scale: 1, shift: 1, Row: 1 }, 'no field "Row", expected scale, shift, row'],
    [3, "no field without a name, expected scale, shift, row"],
  ])("that is given %o is refused with file, dispatch and field", (numbers, message) => {
    const { add } = planOf((out) => ({ out, step: 0, numbers }));
    expect(add).toThrow(`test: "a·x + b" (affine), "numbers": ${message}`);
  });

  test("takes no numbers in the place of a tensor", () => {
    const { add } = planOf(() => ({ out: 3, step: 0, numbers: { scale: 1, shift: 0, row: 0 } }));
    expect(add).toThrow('"out" is given numbers, expected a tensor; the shader declares it as storage');
  });

  test("that holds other than numbers is not written by name", () => {
    const binding = { name: "a", holds: "A" };
    expect(() => uniformLayout("struct A { x: vec4f }", binding, "test")).toThrow('field "x" of "a" is vec4f');
    expect(() => uniformLayout("", { name: "a", holds: "array<f32, 4>" }, "test")).toThrow("holds array<f32, 4>");
    const number = uniformLayout("", { name: "a", holds: "u32" }, "test");
    expect(() => packUniform(number, { x: 1 }, new DataView(new ArrayBuffer(16)), "here")).toThrow(
      'here: no field "x", expected a number by itself',
    );
  });
});
