// Mixed precision, in Firefox: the software adapters of Node and Chromium have no half precision, that of Firefox has.

import type { Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callInPage, withPage } from "../../demo/terminal/in-browser";
import { convert } from "../../src/reference/convert";
import { hasFirefox } from "../visit";
import type * as InPage from "./mixed-in-page";
import { kinds } from "./mixed-in-page";

describe.skipIf(!hasFirefox())("mixed precision, where Firefox is installed", { timeout: 600_000 }, () => {
  let page: Page;
  let close: () => void;
  let closed: Promise<void>;

  beforeAll(async () => {
    page = await new Promise((resolve, reject) => {
      closed = withPage(
        (page) => {
          resolve(page);
          return new Promise<void>((done) => {
            close = done;
          });
        },
        undefined,
        [],
        "firefox",
      );
      closed.catch(reject);
    });
  });

  afterAll(async () => {
    close();
    await closed;
  });

  type Name = Extract<keyof typeof InPage, string>;
  const call = <N extends Name>(name: N, ...values: Parameters<(typeof InPage)[N]>) =>
    callInPage<Awaited<ReturnType<(typeof InPage)[N]>>>(page, "/test/training/mixed-in-page.ts", name, ...values);

  test.each(["elman", "lstm", "gru"] as const)(
    "%s: losses over 100 steps are within 0.02 of those of single",
    async (cell) => {
      const { single = [], mixed = [] } = await call("losses", cell, 100);
      expect(mixed).toHaveLength(100);
      expect(mixed).not.toEqual(single);
      expect(mixed.at(-1)).toBeLessThan(0.8 * mixed[0]!);
      const apart = mixed.map((loss, i) => Math.abs(loss - single[i]!) / single[i]!);
      expect(Math.max(...apart)).toBeLessThan(0.02);
    },
  );

  const far = (a: readonly number[], b: readonly number[]) =>
    Math.sqrt(
      a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.reduce((sum, value) => sum + value ** 2, 0),
    );

  test.each(kinds())("%s: loss, gradients and states are those of single, but for rounding", async (kind) => {
    const { single, mixed } = await call("passes", kind);
    expect(Math.abs(mixed!.loss - single!.loss)).toBeLessThan(2e-3 * single!.loss);
    for (const name of ["gradients", "hidden", "states"] as const) {
      expect(mixed![name], name).toHaveLength(single![name].length);
      const apart = far(single![name], mixed![name]);
      expect(apart, name).toBeGreaterThan(0);
      expect(apart, name).toBeLessThan(1e-2);
    }
    expect(mixed!.hidden).toEqual([...convert(mixed!.hidden, 1, true)]); // nothing but halves
  });

  test("a step that overflows changes no parameter and halves the scale, and training goes on", async () => {
    const { seen, overflowedSteps, skippedSteps, step } = await call("overflowing", 12);
    const count = seen.findIndex(({ report }) => !report.skipped);
    expect(count).toBeGreaterThan(0);
    expect([overflowedSteps, skippedSteps, step]).toEqual([count, 0, 12]);
    for (const [i, { report, same, scaling }] of seen.entries()) {
      const overflowed = i < count;
      expect(Number.isFinite(report.loss)).toBe(true);
      expect([report.step, report.skipped, report.overflowed === true]).toEqual([i + 1, overflowed, overflowed]);
      expect(same).toBe(overflowed);
      expect(scaling).toEqual(overflowed ? [2 ** (23 - i), 0] : [2 ** (24 - count), i + 1 - count]);
    }
    expect(seen.at(-1)!.report.loss).toBeLessThan(seen[0]!.report.loss);
  });

  test("what overflows at the least scale is refused by name, and has changed nothing", async () => {
    const { reports, message, same, step } = await call("hopeless");
    expect(reports.map(({ overflowed }) => overflowed)).toEqual(Array(16).fill(true)); // from 2^16 to 1
    expect(message).toContain("the gradients of step 17, or their norm, are not finite, even at a loss scale of 1");
    expect(message).toContain("train in single precision");
    expect([same, step]).toEqual([true, 16]);
  });

  test("training goes on from a checkpoint to the bit, its scale included", async () => {
    const { straight, gone, scaling, refusal } = await call("resumed");
    expect(scaling[0]).toBeLessThan(2 ** 23);
    expect(gone).toEqual(straight);
    expect(refusal).toContain("trainer.lossScaling");
    expect(refusal).toContain("the precision");
  });
});
