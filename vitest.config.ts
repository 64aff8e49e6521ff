// Tests run in Node; those of the browser drive one themselves.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    execArgv: ["--expose-gc"], // to see whether the heap grows
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
