// The package as whoever installs it has it, and programs that run there.
import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NodeGpu, openNodeGpu } from "../demo/terminal/node-gpu";
import { install } from "./tarball";

const root = resolve(import.meta.dirname, "..");

/** Packs and installs before the tests of a file. @returns what runs a program there, and answers what it exports. */
export function usePackage(): (path: string) => Promise<Record<string, unknown>> {
  let folder: string;
  let application: string;
  let node: NodeGpu;

  beforeAll(async () => {
    ({ folder, application } = await install());
    node = await openNodeGpu();
    Object.defineProperty(globalThis, "navigator", { value: { gpu: node.gpu }, configurable: true });
  });
  afterAll(() => {
    Reflect.deleteProperty(globalThis, "navigator");
    node.close();
    rmSync(folder, { recursive: true });
  });

  return async (path) => {
    const outfile = join(application, path.replace(/\W+/g, "-").replace(/-ts$/, ".js"));
    const options = { bundle: true, format: "esm", target: "es2022", platform: "node" } as const;
    await esbuild({ ...options, entryPoints: [join(root, path)], outfile, external: ["tempograd"] });
    return import(/* @vite-ignore */ pathToFileURL(outfile).href);
  };
}

/** Tests that examples run, and learn. */
export function testExamples(learned: Record<string, (exported: Record<string, unknown>) => void>): void {
  const run = usePackage();
  test.each(Object.entries(learned))(
    "%s runs from the tarball alone, and learns",
    async (name, expectLearned) => {
      const imports = readFileSync(join(root, "examples", `${name}.ts`), "utf8").matchAll(
        /^(?:import .*|\}) from "([^"]+)"/gm,
      );
      expect([...imports].map(([, from]) => from)).toEqual(["tempograd"]);
      expectLearned(await run(`examples/${name}.ts`));
    },
    600_000, // beside other tests
  );
}
