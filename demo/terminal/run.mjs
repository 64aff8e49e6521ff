// Runs a TypeScript program of this folder in Node, with Vite's imports: node run.mjs NAME ARGUMENTS…
// A program exports main(arguments), which answers the exit code. A failure is one line, and exit code 1.

import { resolve } from "node:path";
import { runnerImport } from "vite";

const [name, ...args] = process.argv.slice(2);
try {
  const { module } = await runnerImport(resolve(import.meta.dirname, `${name}.ts`), {
    configFile: false,
    logLevel: "error",
  });
  process.exitCode = await module.main(args);
} catch (error) {
  console.error(process.env.DEBUG ? error : error.message);
  process.exitCode = 1;
}
