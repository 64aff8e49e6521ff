// Tests in projects, by what they reach (test/projects.ts): a browser, a GPU, or neither; and last, what measures times.
// What takes minutes is run by `npm run test:all` alone, as are the tests of the pages once more, in Firefox.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { type ProjectName, pageTests, testsByProject } from "./test/projects.ts";

const tests = testsByProject(import.meta.dirname);
const project = (name: ProjectName | "long-firefox", more: object) => ({
  extends: true as const,
  test: { name, ...more },
});

/** Browsers first: their tests take longest, and the short ones fill what is left of the time at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const order = ["long", "browser", "firefox", "gpu", "unit", "speed"];
    return sorted.sort((a, b) => order.indexOf(a.project.name) - order.indexOf(b.project.name));
  }
}

const inFirefox = { browser: "firefox" };

export default defineConfig({
  test: {
    provide: { browser: "chromium" },
    pool: "forks",
    maxWorkers: Math.max(2, availableParallelism() - 1), // they wait for browsers and GPUs as well
    execArgv: ["--expose-gc"], // to see whether the heap grows
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      // In one process they load the library once, and open one device; none of them leaves anything there.
      project("unit", {
        include: ["test/**/*.test.ts"],
        exclude: Object.entries(tests).flatMap(([name, paths]) => (name === "unit" ? [] : paths)),
        isolate: false,
      }),
      project("gpu", { include: tests.gpu, isolate: false, restoreMocks: true }),
      project("browser", { include: tests.browser, globalSetup: "test/site.ts" }),
      project("firefox", { include: tests.firefox, globalSetup: "test/site.ts", provide: inFirefox }),
      project("long-firefox", {
        include: pageTests(tests),
        globalSetup: "test/site.ts",
        provide: inFirefox,
        testTimeout: 300_000,
        maxWorkers: 1, // its WebGPU works in the process of its windows, which wait where another takes its time
        sequence: { groupOrder: 2 },
      }),
      project("long", { include: tests.long, globalSetup: "test/site.ts" }),
      project("speed", {
        include: tests.speed,
        globalSetup: "test/site.ts",
        maxWorkers: 1,
        sequence: { groupOrder: 1 },
      }),
    ],
  },
});
