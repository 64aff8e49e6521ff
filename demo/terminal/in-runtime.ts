// Runs a module of the project in Deno or Bun, and asks it, a line of JSON for each question and each answer.

import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { build } from "vite";
import { softwareDriver } from "./node-gpu";
import { findRuntime, type RuntimeName } from "./runtimes";

const root = resolve(import.meta.dirname, "../..");

/** Asks a question; the next when this was answered. */
export type Ask = <T>(question: unknown) => Promise<T>;

/**
 * Bundles a module, runs it in a runtime, and works with it; ends it afterwards.
 * @param module its path from the repository's root. It is given `argument` and the runtime's WebGPU module, if any, as JSON,
 *   says `{ answer }` when it is ready, then reads a question a line, and answers each with `{ answer }` or `{ error }`.
 * @throws what `findRuntime` and `work` throw; the error that the module answers; where it ends before its time, with its last words.
 */
export async function inRuntime<T>(
  name: RuntimeName,
  module: string,
  argument: unknown,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  const { executable, args, webgpu } = findRuntime(name);
  const cache = join(root, "node_modules/.cache/tempograd");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, `${name}-`));
  try {
    const output = { entryFileNames: "main.mjs" };
    const ssr = resolve(root, module);
    await build({
      root,
      configFile: false,
      logLevel: "error",
      build: { ssr, outDir: folder, target: "node20", rollupOptions: { output } },
    });
    const given = JSON.stringify({ argument, webgpu });
    const env = { ...process.env, ...(await softwareDriver()) };
    const child = spawn(executable, [...args, join(folder, "main.mjs"), given], { env });
    let words = "";
    child.stderr.on("data", (data) => {
      words = `${words}${data}`.slice(-1000);
    });
    child.stdin.on("error", () => {}); // it has ended, which is told below
    const failed = new Promise<never>((_, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        reject(new Error(`${name}: ended with ${signal ?? `code ${code}`} before it answered: ${words.trim()}`));
      });
    });
    failed.catch(() => {}); // at the end it is told to end
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async (): Promise<string> => {
      const { value, done } = await lines.next();
      if (done) return failed;
      return value.startsWith("{") ? value : line();
    };
    const answered = async () => {
      const { answer, error } = JSON.parse(await Promise.race([line(), failed]));
      if (error !== undefined) throw new Error(error);
      return answer;
    };
    try {
      await answered(); // it is ready
      return await work((question) => {
        child.stdin.write(`${JSON.stringify(question)}\n`);
        return answered();
      });
    } finally {
      child.kill();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
