// What the training page keeps of the runs that it lists, and what it exports of them.
import { describe, expect, test } from "vitest";
import { initialSettings } from "../../demo/tasks/settings";
import { asCsv, asJson, type Run, Runs } from "../../demo/train/runs";
import { History } from "../../demo/workshop/history";
import type { Facts } from "../../demo/workshop/session";

const facts = {
  step: 0,
  baseline: { meaning: "" },
  costs: { plan: "long" },
  history: new History().toJSON(),
} as unknown as Facts;
const lossOf = (step: number) => Math.sin(step) + 2;

/** Runs of so many steps, one after the other. */
function runsOf(lengths: readonly number[]): Runs {
  const runs = new Runs();
  for (const length of lengths) {
    const { history } = runs.begin(initialSettings, structuredClone(facts));
    for (let step = 1; step <= length; step++) history.add(step, { loss: lossOf(step), tokensPerSecond: step });
  }
  return runs;
}

const pointsOf = (runs: readonly Run[]) => runs.reduce((sum, { history }) => sum + history.steps.length, 0);

/** The mean of the losses from a step on. */
function meanFrom(first: number, stride: number, length: number): number {
  const steps = Array.from({ length: stride }, (_, i) => first + i).filter((step) => step >= 1 && step <= length);
  return steps.reduce((sum, step) => sum + lossOf(step), 0) / steps.length;
}

describe("the runs of a visit", () => {
  test("keep each step of the first thousands, and export it", () => {
    const runs = runsOf(new Array<number>(9).fill(1000));
    const lines = asCsv(runs.all).trim().split("\n").slice(1);
    expect(lines).toHaveLength(9 * 1001);
    for (const line of lines) {
      const [, step, stride, loss] = line.split(",");
      expect(stride).toBe("1");
      if (step !== "0") expect(Number(loss)).toBeCloseTo(lossOf(Number(step)), 12);
    }
  });

  test.each<[string, number[]]>([
    ["of a thousand steps", new Array<number>(100).fill(1000)],
    ["of any length", Array.from({ length: 100 }, (_, i) => 1 + ((i * 37) % 1023))],
    ["of many steps", new Array<number>(16).fill(5000)],
  ])(
    "%s keep points in bounded room, however many they are, and say how many steps a point stands for",
    (_, lengths) => {
      const runs = runsOf(lengths);
      expect(pointsOf(runs.all.slice(0, -1))).toBeLessThan(10_000);
      const exported = JSON.parse(asJson(runs.all)).runs as { history: ReturnType<History["toJSON"]> }[];
      const lines = asCsv(runs.all).trim().split("\n").slice(1);
      let line = 0;
      for (const [i, { history }] of exported.entries()) {
        const { stride, steps, curves } = history;
        const told = lines.slice(line, line + steps.length).map((text) => text.split(",").slice(1, 4));
        line += steps.length;
        expect(told).toEqual(steps.map((step, at) => [step, stride, curves.loss[at] ?? ""].map(String)));
        expect(steps).toEqual(steps.map((_, at) => at * stride));
        for (const [at, step] of steps.entries()) {
          const loss = curves.loss[at]!;
          if (loss !== null) expect(loss).toBeCloseTo(meanFrom(step, stride, lengths[i]!), 9);
        }
        expect(steps.at(-1)! + stride).toBeGreaterThan(lengths[i]!);
        expect(history.curves.tokensPerSecond.at(-1)).toBe(lengths[i]);
      }
      expect(line).toBe(lines.length);
      for (const { facts } of runs.all) expect(facts).not.toHaveProperty("costs");
    },
  );
});
