// What starts the terminal's programs: a program is bundled once, and anew where a source has changed.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const starter = "demo/terminal/run.mjs";
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tempograd-run-"));
  for (const name of ["demo/terminal", "shaders", "src", "node_modules"])
    mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(join(root, starter), join(folder, starter));
  symlinkSync(join(root, "node_modules/vite"), join(folder, "node_modules/vite"));
  writeFileSync(join(folder, "package-lock.json"), "{}");
  writeFileSync(
    join(folder, "demo/greet.ts"),
    `import text from "../shaders/text.wgsl?raw";
    export async function main([name]: string[]): Promise<number> {
      const { greeting } = await import("../src/greeting");
      console.log(greeting, name, text.trim());
      return 3;
    }`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the program prints, with exit code 3. */
function greeted(): string {
  try {
    execFileSync(process.execPath, [starter, "demo/greet.ts", "Ada"], { cwd: folder, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    expect(status, stderr).toBe(3);
    return stdout.trim();
  }
  throw new Error("its exit code is 0");
}
const bundles = () => readdirSync(join(folder, "node_modules/.cache/tempograd"));

test("a program is bundled once, and anew where any of its sources has changed", () => {
  writeFileSync(join(folder, "src/greeting.ts"), `export const greeting = "Hello";`);
  writeFileSync(join(folder, "shaders/text.wgsl"), "one\n");
  expect(greeted()).toBe("Hello Ada one");
  const first = bundles();
  expect(first).toEqual([expect.stringMatching(/^program-greet-[0-9a-f]{16}$/)]);
  expect(greeted()).toBe("Hello Ada one");
  expect(bundles()).toEqual(first);
  writeFileSync(join(folder, "src/greeting.ts"), `export const greeting = "Adieu";`);
  expect(greeted()).toBe("Adieu Ada one");
  writeFileSync(join(folder, "shaders/text.wgsl"), "two\n");
  expect(greeted()).toBe("Adieu Ada two");
  expect(bundles()).toHaveLength(3);
});

test("what cannot be bundled is told in a line, and leaves nothing", () => {
  const before = bundles();
  writeFileSync(join(folder, "demo/greet.ts"), `import "./missing";`);
  expect(() =>
    execFileSync(process.execPath, [starter, "demo/greet.ts"], { cwd: folder, encoding: "utf8", stdio: "pipe" }),
  ).toThrow(/missing/);
  expect(bundles()).toEqual(before);
});
