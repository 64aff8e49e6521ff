// What each of the examples must have learned, by what it exports.
import { expect } from "vitest";
import { readSafetensors } from "../src/index";

type Learned = Record<string, (exported: Record<string, unknown>) => void>;

export const learned: Learned = {
  forecast: ({ error, seasonal, within }) => {
    expect(error).toBeLessThan(0.9 * (seasonal as number));
    expect(Math.abs((within as number) - 0.8)).toBeLessThan(0.1);
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

/** Of those that take longer. */
export const learnedLong: Learned = {
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
  "policy-gradient": ({ reward }) => expect(reward).toBeGreaterThan(0.95),
  anomaly({ byNetwork, byZ }) {
    const [network, z] = [byNetwork, byZ] as { precision: number; recall: number }[];
    expect(network!.recall).toBeGreaterThan(0.85);
    expect(network!.precision).toBeGreaterThan(0.85);
    expect(z!.recall).toBeLessThan(network!.recall - 0.3);
    expect(z!.precision).toBeLessThan(network!.precision - 0.1);
  },
  "encoder-decoder": ({ share }) => expect(share).toBeGreaterThanOrEqual(0.99),
  dates: ({ share }) => expect(share).toBeGreaterThanOrEqual(0.95),
  handwriting({ share, toTheRight }) {
    expect(share).toBeGreaterThan(0.85); // by chance a seventh
    expect(Math.abs((toTheRight as number) - 0.5)).toBeLessThan(0.4); // both ways, as it was shown
  },
  music({ loss, unigram, bigram, inScale }) {
    expect(bigram).toBeLessThan((unigram as number) - 0.1);
    expect(loss).toBeLessThan((bigram as number) - 0.1);
    expect(inScale).toBeGreaterThan(0.9); // by chance 0.58
  },
};
