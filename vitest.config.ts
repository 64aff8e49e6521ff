// Tests run in Node; those of the browser drive one themselves.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: Math.max(2, availableParallelism() - 1), // they wait for browsers and GPUs as well
    execArgv: ["--expose-gc"], // to see whether the heap grows
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
