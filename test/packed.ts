// The package as whoever installs it has it: packed, and installed in a folder that has nothing else.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import { build, loadConfigFromFile, type Plugin } from "vite";
import { afterAll, beforeAll } from "vitest";
import { type NodeGpu, openNodeGpu } from "../demo/terminal/node-gpu";

const root = resolve(import.meta.dirname, "..");

/** Packs and installs before the tests of a file. @returns what runs a program there, and answers what it exports. */
export function usePackage(): (path: string) => Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "tempograd-packed-"));
  const application = join(folder, "application");
  let node: NodeGpu;

  beforeAll(async () => {
    const command = { command: "build", mode: "production" } as const;
    const { config } = (await loadConfigFromFile(command, join(root, "vite.library.config.ts")))!;
    const plugins = (config.plugins as Plugin[]).filter(({ name }) => name !== "declarations");
    const packed = join(folder, "package");
    const outDir = join(packed, "dist/library");
    await build({ ...config, configFile: false, logLevel: "warn", plugins, build: { ...config.build, outDir } });
    for (const file of ["package.json", "CHANGELOG.md"]) cpSync(join(root, file), join(packed, file));
    const npm = (cwd: string, ...options: string[]) =>
      execFileSync("npm", [...options, "--offline", "--ignore-scripts", "--loglevel", "error"], {
        cwd,
        encoding: "utf8",
      });
    const tarball = npm(packed, "pack", "--pack-destination", folder).trim();
    mkdirSync(application);
    writeFileSync(join(application, "package.json"), '{ "type": "module" }');
    npm(application, "install", "--omit=peer", join(folder, tarball));
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
