// Devices that are lost before a page has read of them what it trained.

import type { Page } from "puppeteer";
import { crashGpu } from "./page";

/** Has what a page's worker reads of its network come late, from the next training step on until the device is lost. */
export async function readLate(page: Page): Promise<void> {
  const [worker] = page.workers();
  await worker!.evaluate(() => {
    const { mapAsync } = GPUBuffer.prototype;
    let trains = false;
    const lost = new Promise<void>((resolve) => {
      Object.assign(self, { readAgain: resolve });
    });
    GPUBuffer.prototype.mapAsync = async function (...given) {
      trains ||= this.label === "losses";
      const late = new Promise((resolve) => setTimeout(resolve, 2000));
      if (trains && this.label === "readback") await Promise.race([late, lost]);
      return mapAsync.apply(this, given);
    };
  });
}

/** As `crashGpu`, of a page that reads late. */
export async function crashUnread(page: Page): Promise<void> {
  await crashGpu(page);
  const [worker] = page.workers();
  await worker!.evaluate("readAgain()");
}

export const numberIn = (text: string, pattern: RegExp) =>
  Number(pattern.exec(text)?.[1]?.replaceAll(",", "") ?? Number.NaN);
