import { describe, expect, test } from "vitest";
import { Allocation } from "../../src/gpu/allocation";
import type { Gpu } from "../../src/gpu/device";
import { measureChoices, openChoices, type TimeRuns } from "../../src/gpu/measure";
import { openGpu } from "../../src/gpu/open";
import { Plan, type Ways } from "../../src/gpu/plan";
import { useGpu } from "../workbench";

const gpu = useGpu();

/** Milliseconds of a run of each way, the default first; the choice among them. */
const speeds = { usual: 1, second: 1.03, third: 1.3, fourth: 0.99, slow: 40 };
const waysOf = (speeds: Readonly<Record<string, number>>): Ways =>
  Object.fromEntries(Object.keys(speeds).map((name) => [name, () => {}]));

/** Times the ways to do the same, of which the first is the default. */
function measure(on: Gpu, ways: Ways, time: TimeRuns): Promise<boolean> {
  const plan = new Plan("test", on.traits);
  plan.choose("topic", "choice", ways, Object.keys(ways)[0]!);
  const open = openChoices(
    plan,
    ({ fallback }) => fallback,
    () => true,
  );
  return measureChoices(on, open, new Allocation(on), time);
}

/** The same at each run: numbers from 0 to 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** What a sample of `ideal` milliseconds takes on a machine that does something else as well. */
type Noise = (ideal: number, random: () => number) => number;
const noises: Record<string, Noise> = {
  "a little": (ideal, random) => ideal * (1 + 0.03 * random()),
  "another process takes turns": (ideal, random) => ideal + (random() < 0.5 ? 4 * random() : 0),
  "another process takes half": (ideal, random) => ideal * (random() < 0.7 ? 1.3 + random() : 1),
  "now and then all stops": (ideal, random) => ideal + (random() < 0.15 ? 40 * random() : 0),
  "the timer has steps of 1 ms": (ideal, random) => Math.floor(ideal + random()),
};
/** A machine that is fast for a while, then slow for a while. */
const slowDrift = (): Noise => {
  let samples = 0;
  return (ideal) => ideal * (1 + 0.5 * Math.sin(samples++ / 9));
};

async function chosen(
  speeds: Readonly<Record<string, number>>,
  noise: Noise,
  seed: number,
): Promise<string | undefined> {
  const on: Gpu = await openGpu({ device: gpu().device, tuning: "measure" });
  const random = randomOf(seed);
  const time: TimeRuns = async ({ plan }, count) => noise(0.2 + count * speeds[plan.label.split(": ")[1]!]!, random);
  await measure(on, waysOf(speeds), time);
  return on.choices.taken.choice;
}

async function shares(speeds: Readonly<Record<string, number>>, noise: () => Noise): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const [tries, atOnce] = [200, 10]; // side by side they wait for the device together
  for (let first = 1; first <= tries; first += atOnce) {
    const all = await Promise.all(Array.from({ length: atOnce }, (_, i) => chosen(speeds, noise(), first + i)));
    for (const name of all) found[name ?? "undecided"] = (found[name ?? "undecided"] ?? 0) + 1 / tries;
  }
  return found;
}

const all = {
  ...Object.fromEntries(Object.entries(noises).map(([name, noise]) => [name, () => noise])),
  drift: slowDrift,
};

describe.each(Object.entries(all))("a choice by measurement, where %s", (_, noise) => {
  test("leaves the default where no way is faster by more than noise", async () => {
    const { usual = 0, undecided = 0, ...others } = await shares(speeds, noise);
    expect(usual + undecided).toBeGreaterThan(0.95);
    expect(Object.keys(others)).not.toContain("third");
  });

  test("takes a way that is faster, and never one that is far slower", async () => {
    const { better = 0, undecided = 0, ...others } = await shares({ ...speeds, better: 0.6 }, noise);
    expect(better).toBeGreaterThan(0.4); // at the first network; what is undecided is timed again at the next
    expect(better + undecided).toBeGreaterThan(0.8); // else the default stands
    expect(Object.keys(others)).not.toContain("third");
  });
});

test("nothing is remembered of a choice for which time does not suffice, and it is given up", async () => {
  const on = await openGpu({ device: gpu().device, tuning: "measure" });
  const time: TimeRuns = async (_, count) => {
    await new Promise((resolve) => setTimeout(resolve, count > 0 ? 60 : 0));
    return 60 * count;
  };
  expect(await measure(on, waysOf(speeds), time)).toBe(false);
  expect(on.choices.taken).toEqual({});
  let samples = 0;
  const counted: TimeRuns = async (plan, count) => {
    samples++;
    return time(plan, count);
  };
  for (let network = 0; network < 4; network++) await measure(on, waysOf(speeds), counted);
  samples = 0;
  expect(await measure(on, waysOf(speeds), counted)).toBe(false);
  expect(samples).toBe(0); // it is not tried for ever
});

test("a way that cannot be laid out is no way", async () => {
  const on = await openGpu({ device: gpu().device, tuning: "measure" });
  const refuse = () => {
    throw new Error("too wide");
  };
  await measure(on, { usual: () => {}, wide: refuse, other: () => {} }, async ({ plan }) =>
    plan.label.endsWith("other") ? 1 : 2,
  );
  expect(on.choices.taken.choice).toBe("other");
});
