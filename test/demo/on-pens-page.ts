// The page of pens, for tests: where its ink is, and a hand that draws.

import type { Page } from "puppeteer";
import { type Point, strokePoints } from "../../demo/pens/stroke";

export const path = "pens/";
export const circle = Array.from({ length: 41 }, (_, i): Point => [0.6 * Math.cos(i / 6.4), 0.6 * Math.sin(i / 6.4)]);

/** How far a place is from the nearest point of a stroke. */
export function distance([x, y]: Point, stroke: Float32Array): number {
  const points = Array.from({ length: strokePoints }, (_, i) => i);
  return Math.min(...points.map((i) => Math.hypot(x - stroke[2 * i]!, y - stroke[2 * i + 1]!)));
}

/** Where the paper has the colour of the pens, from a picture of it. */
export async function inked(page: Page): Promise<Point[]> {
  const paper = (await page.$("#paper"))!;
  const picture = await paper.screenshot({ encoding: "base64" });
  return page.evaluate(async (base64: string) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d")!;
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const ink = getComputedStyle(document.getElementById("paper")!).color.match(/\d+/g)!.map(Number);
    const places: [number, number][] = [];
    for (let at = 0; at < data.length; at += 4) {
      const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
      const like = ink.every((value, i) => Math.abs(value - data[at + i]!) < 40);
      if (like && x % 3 === 0 && y % 3 === 0) places.push([(2 * x) / width - 1, 1 - (2 * y) / height]);
    }
    return places;
  }, picture);
}

/** Draws on the paper with the mouse. */
export async function draw(page: Page, line: readonly Point[]): Promise<void> {
  const box = (await (await page.$("#paper"))!.boundingBox())!;
  const at = ([x, y]: Point) => [box.x + ((x + 1) / 2) * box.width, box.y + ((1 - y) / 2) * box.height] as const;
  await page.mouse.move(...at(line[0]!));
  await page.mouse.down();
  for (const point of line) await page.mouse.move(...at(point));
  await page.mouse.up();
}
