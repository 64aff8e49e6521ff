// The examples, as whoever installs the package runs them.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { readSafetensors } from "../src/index";
import { usePackage } from "./packed";

const root = resolve(import.meta.dirname, "..");
const run = usePackage();

/** What each must have learned. */
const learned: Record<string, (exported: Record<string, unknown>) => void> = {
  "encoder-decoder": ({ share }) => expect(share).toBeGreaterThanOrEqual(0.99),
  forecast: ({ error, seasonal, within }) => {
    expect(error).toBeLessThan(0.9 * (seasonal as number));
    expect(Math.abs((within as number) - 0.8)).toBeLessThan(0.1);
  },
  gesture: ({ share, likely, atOnce }) => {
    expect(share).toBeGreaterThan(0.9);
    const live = likely as Float32Array[];
    expect([...live.at(-1)!]).toEqual([...(atOnce as Float32Array)].map((p) => expect.closeTo(p, 5))); // state by state
    const [square, first] = [2, live[0]!];
    expect(first[square]).toBeLessThan(0.9); // one move is not enough
    expect(Math.max(...live.at(-1)!)).toBe(live.at(-1)![square]);
  },
  "in-a-frame-loop": ({ error, travelled }) => {
    expect(travelled).toBeGreaterThan(0.8); // some are at their place, others on their way
    expect(error).toBeLessThan(0.05);
  },
  "mixture-density": ({ surprise, gaussian }) => {
    expect(gaussian).toBeGreaterThan(0.6); // no single Gaussian is likelier
    expect(surprise).toBeLessThan((gaussian as number) - 0.8);
  },
  names: ({ share }) => expect(share).toBeGreaterThan(0.75), // by chance a third
  "own-cell": ({ accuracy }) => expect(accuracy).toBeGreaterThan(0.99),
  "own-input": ({ share }) => expect(share).toBeGreaterThan(0.9), // with filters that do not learn it is 0.71
  "own-loss": ({ share }) => expect(Math.abs((share as number) - 0.9)).toBeLessThan(0.04),
  "own-optimizer": ({ losses }) => {
    const all = losses as number[];
    expect(all.at(-1)).toBeLessThan(all[0]! / 20);
  },
  "own-readout": ({ share, attention }) => {
    expect(share).toBeGreaterThan(0.9);
    expect(attention).toBeGreaterThan(0.5); // of one that looks everywhere alike 0.2
  },
  "policy-gradient": ({ reward }) => expect(reward).toBeGreaterThan(0.95),
  "pytorch-and-back": ({ losses, read, written, difference }) => {
    expect((losses as number[]).at(-1)).toBeLessThan((losses as number[])[0]! - 0.5);
    const { tensors, metadata } = readSafetensors(written as Uint8Array);
    expect([...tensors].map(([name, { shape }]) => `${name} [${shape}]`).sort()).toEqual(
      [...(read as string[])].sort(),
    );
    expect(metadata).toEqual({ format: "pt" });
    expect(difference).toBe(0);
  },
  sentiment: ({ share, byWords }) => {
    expect(byWords).toBe(0.5);
    expect(share).toBeGreaterThan(0.95);
  },
};

test("every example has what it must have learned", () => {
  const names = readdirSync(join(root, "examples")).map((name) => name.replace(/\.ts$/, ""));
  expect(names.sort()).toEqual(Object.keys(learned).sort());
});

test.each(Object.entries(learned))(
  "%s runs from the tarball alone, and learns",
  async (name, expectLearned) => {
    const imports = readFileSync(join(root, "examples", `${name}.ts`), "utf8").matchAll(/from "([^"]+)"/g);
    expect([...imports].map(([, from]) => from)).toEqual(["tempograd"]);
    expectLearned(await run(`examples/${name}.ts`));
  },
  360_000, // beside other tests
);
