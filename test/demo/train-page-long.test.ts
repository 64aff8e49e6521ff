// The training page: its address opened elsewhere, and two cells beside each other.

import { expect, test } from "vitest";
import { onPage, ready, singleSteps } from "./on-train-page";
import { barriers, button, enter, press, until } from "./page";

test("trains the same losses wherever its address is opened, and says all settings in it", () =>
  onPage(async (page) => {
    await ready(page);
    const cell = await page.$("#cell");
    await cell!.select("lstm");
    await enter(page, { seed: "7", hidden: "12", layers: "2", dropout: "0.25" });
    const losses = await singleSteps(page, 4);
    const address = page.url();
    expect(address).toMatch(/#.*cell=lstm.*layers=2/);
    const other = await page.browserContext().newPage();
    await other.goto(address);
    await ready(other);
    expect(await singleSteps(other, 4)).toEqual(losses);
    await other.goto("about:blank");
    await other.goto(`${address}&hidden=0&nonsense=1`);
    await until(other, "failure", /left out: nonsense=1, hidden=0/);
  }));

test("shows a network through time, and an Elman beside an LSTM whose gradient vanishes less", () =>
  onPage(async (page) => {
    await button(page, "run");
    await press(page, "compare");
    await until(page, "status", /^Training/);
    await page.waitForFunction(`document.getElementById("beside").value !== ""`, { polling: 100, timeout: 90_000 });
    const words = await page.$eval("#unrolled", (view) => view.textContent ?? "");
    const shares = [...words.matchAll(/At t = 1 the gradient is ([\d.]+)(?: × 10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+))? of/g)].map(
      ([, digits, sign, power = "⁰"]) =>
        Number(digits) *
        10 ** (Number([...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(digit)).join("")) * (sign === "⁻" ? -1 : 1)),
    );
    expect(shares).toHaveLength(2);
    for (const scheme of ["light", "dark"] as const) expect(await barriers(page, scheme)).toEqual([]);
    expect(shares[0]!).toBeLessThan(shares[1]! / 100);
  }, "data=adding&hidden=16&batch=8&steps=40"));
