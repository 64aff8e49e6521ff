// What tests of the pages do with a page, as its visitors would.

import type { Page } from "puppeteer";

export const textOf = (page: Page, id: string) => page.$eval(`#${id}`, (found) => found.textContent ?? "");

/** Waits until a control can be used. */
export const button = (page: Page, id: string) => page.waitForSelector(`#${id}:enabled`, { timeout: 30_000 });

export async function press(page: Page, id: string): Promise<void> {
  await (await button(page, id))!.click();
}
