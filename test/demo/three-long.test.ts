// The lines for three.js in examples/in-a-frame-loop.ts: a network in its frame loop, on its renderer's device, between its buffers.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { callInPage } from "../../demo/terminal/in-browser";
import { worstError } from "../numbers";
import { inBlankPage } from "../visit";
import type { follow } from "./three-in-page";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

test("what the example says of three.js moves what three.js draws, as the network predicts", async () => {
  const followers = 8;
  const { predicted, found, drawn } = await inBlankPage((page) =>
    callInPage<Awaited<ReturnType<typeof follow>>>(page, "/test/demo/three-in-page.ts", "follow", 20, followers),
  );
  expect(worstError(found, predicted)).toBeLessThan(1e-6);
  expect(Math.max(...predicted) - Math.min(...predicted)).toBeGreaterThan(0.2);
  for (const [i, x] of drawn.entries()) expect(Math.abs(x - predicted[i]!), `follower ${i}`).toBeLessThan(1 / 32); // a pixel
});

test("and these are its lines", () => {
  const [, said] = /With three\.js .*\n\/\/\n((?:\/\/ {3}.*\n)+)/.exec(read("../../examples/in-a-frame-loop.ts"))!;
  const lines = said!.split("\n").filter((line) => /^\/\/ {3}(?!import)/.test(line));
  expect(lines.length).toBe(4);
  const code = (text: string) => text.replace(/^\/\/ {3}|\s|;(?=\s*\})/g, "");
  for (const line of lines) expect(code(read("three-in-page.ts"))).toContain(code(line));
});
