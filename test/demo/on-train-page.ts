// The training page with a small network and a text that it learns, for tests.

import type { Page } from "puppeteer";
import { usePage, visit } from "../visit";
import { button, enter, numberOf, press, textOf } from "./page";

/** Settings as an address says them. */
export const small = "data=own-text&cell=elman&hidden=16&batch=4&steps=8";
export const plain = "optimizer=sgd&learningRate=0.5&clipNorm=none";
export const ownText = "The sea was calm, and the ship sailed on; the captain slept. ".repeat(40);

/** Opens the page, as a visitor of the browser that a test file shares unless told otherwise. */
export const onPage = (work: (page: Page) => Promise<void>, address = `${small}&${plain}`, open = visit<void>) =>
  open(`train/#${address}`, work);

/**
 * Opens the page once, for tests that follow each other on it: what it compiled for one serves the next.
 * @returns works with the page where nothing is trained and the settings are those of an address; earlier runs stay listed.
 */
export function useTrainPage(): (address: string, work: (page: Page) => Promise<void>) => Promise<void> {
  const onOpened = usePage("train/");
  return (address, work) =>
    onOpened(async (page) => {
      await button(page, "run");
      if (await page.$("#reset-training:enabled")) await press(page, "reset-training");
      await button(page, "run");
      await page.evaluate(async (address) => {
        history.replaceState(null, "", location.pathname); // or the same address would be no change
        const changed = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
        location.hash = address;
        await changed;
      }, address);
      await work(page);
    });
}

/** A number as the page writes it. */
export const count = (value: number) => value.toLocaleString("en");

/** Waits for the GPU, and gives a text to learn where the address asks for one. */
export async function ready(page: Page, text = ownText): Promise<void> {
  await button(page, "run");
  await enter(page, { text });
}

/** Opens the page anew. By Back it may be there as it was left, its training with it. */
export async function leaveAndReturn(page: Page): Promise<void> {
  const address = page.url();
  await page.goto("about:blank");
  await page.goto(address);
}

export async function untilStep(page: Page, step: number): Promise<void> {
  const reached = `Number(document.getElementById("step").textContent.replaceAll(",", "")) >= ${step}`;
  await page.waitForFunction(reached, { polling: 50, timeout: 60_000 }).catch(async (cause) => {
    const said = await Promise.all(["status", "failure", "pending"].map((id) => textOf(page, id)));
    throw new Error(`The page did not reach step ${step}; it says: ${said.join(" | ")}`, { cause });
  });
}

/** Takes steps one by one. @returns the loss that is shown after each */
export async function singleSteps(page: Page, count: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) {
    const step = await numberOf(page, "step");
    await press(page, "single-step");
    await untilStep(page, step + 1);
    await button(page, "single-step");
    losses.push(await numberOf(page, "training-loss"));
  }
  return losses;
}
