import { describe, expect, test } from "vitest";
import { constantLines, inHalf, numberBindings, resolveFlags } from "../../src/gpu/wgsl";

describe("resolveFlags", () => {
  const source = "a\n#if one\nb\n#elif two\nc\n#else\nd\n#endif\ne";

  test.each([
    [{ one: true, two: true }, "abe"],
    [{ one: false, two: true }, "ace"],
    [{ one: false, two: false }, "ade"],
  ])("keeps the first section whose flag is on: %o gives %s", (flags, expected) => {
    expect(resolveFlags(source, flags, "test").replace(/\s/g, "")).toBe(expected);
  });

  test("nests", () => {
    const nested = "#if one\na\n#if two\nb\n#endif\nc\n#endif\nd";
    expect(resolveFlags(nested, { one: true, two: false }, "test").replace(/\s/g, "")).toBe("acd");
    expect(resolveFlags(nested, { one: false, two: true }, "test").replace(/\s/g, "")).toBe("d");
  });

  test("refuses a flag that was not given", () => {
    expect(() => resolveFlags(source, { one: true }, "matmul")).toThrow(
      'matmul: #if names the flag "two", expected one of one',
    );
  });

  test("refuses sections that do not nest", () => {
    expect(() => resolveFlags("#if one\na", { one: true }, "test")).toThrow();
    expect(() => resolveFlags("a\n#endif", {}, "test")).toThrow();
  });
});

describe("numberBindings", () => {
  test("reads name, number, access and type of every binding", () => {
    const source = `
      @group(0) @binding(2) var<storage, read_write> out: array<f32>;
      @group(0) @binding(0) var<storage, read> a: array<vec4f>; // [rows]
      @group(0) @binding(5) var<uniform> step: u32;`;
    expect(numberBindings(source, "test")).toEqual({
      text: source,
      bindings: [
        { name: "out", index: 2, type: "storage", holds: "array<f32>" },
        { name: "a", index: 0, type: "read-only-storage", holds: "array<vec4f>" },
        { name: "step", index: 5, type: "uniform", holds: "u32" },
      ],
    });
  });

  test("numbers those without a number in the order of declaration, around those that have one", () => {
    const source =
      "var<storage, read> a: array<f32>; @group(0) @binding(1) var<uniform> b: u32; var<storage, read_write> c: array<f32>;";
    const { text, bindings } = numberBindings(source, "test");
    expect(bindings.map(({ name, index }) => [name, index])).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
    ]);
    expect(text).toContain("@group(0) @binding(0) var<storage, read> a");
    expect(text).toContain("@group(0) @binding(2) var<storage, read_write> c");
  });

  test("refuses another group, and a form it cannot read", () => {
    expect(() => numberBindings("@group(1) @binding(0) var<uniform> a: u32;", "test")).toThrow("group 1");
    for (const odd of ["@binding(0) @group(0) var<uniform> a: u32;", "var<storage, write> a: array<f32>;"]) {
      expect(() => numberBindings(odd, "test"), odd).toThrow('expected "var<storage, read> name: type;"');
    }
  });
});

describe("inHalf", () => {
  const source = `alias Stored = vec4f;
alias Other = vec4f;
var<storage, read> a: array<Stored>;
var<storage, read_write> b: array<Stored>;
var<storage, read> c: array<Other>;
var<storage, read> d: array<vec4f>;`;

  test("makes of the types of what is in half precision such, and leaves the others", () => {
    expect(inHalf(source, [], "test")).toBe(source);
    expect(inHalf(source, ["a", "b"], "test")).toBe(source.replace("Stored = vec4f", "Stored = vec4h"));
    expect(inHalf(source, ["c"], "test")).toBe(source.replace("Other = vec4f", "Other = vec4h"));
  });

  test("refuses what the shader does not read in half precision", () => {
    expect(() => inHalf(source, ["d"], "test")).toThrow(
      'test: "d" is stored in half precision, expected single; the shader reads no other.',
    );
  });

  test("refuses one in single precision that the shader reads as another that is not", () => {
    expect(() => inHalf(source, ["a"], "test")).toThrow(
      'test: "b" is stored in single precision, expected half, as a.',
    );
  });
});

describe("constantLines", () => {
  test("writes unsigned integers and nothing else", () => {
    expect(constantLines({ rows: 3, depth: 0 }, "test")).toBe("const rows = 3u;\nconst depth = 0u;\n");
    for (const value of [-1, 1.5, Number.NaN, 2 ** 32, undefined as unknown as number]) {
      expect(() => constantLines({ rows: value }, "test")).toThrow('constant "rows"');
    }
  });
});
