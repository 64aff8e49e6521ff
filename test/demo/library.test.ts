// The library as it is published, with shortened shaders and parts that are loaded later, computes what its source does,
// and whoever imports a part of it loads no other.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import { build, loadConfigFromFile, type Plugin, type Rolldown } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as source from "../../src/index";
import { integers } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();
const root = resolve(import.meta.dirname, "../..");
/** An application's folder, with the library installed. */
const application = mkdtempSync(join(tmpdir(), "tempograd-library-"));
const library = join(application, "node_modules/tempograd");
let built: typeof source;

beforeAll(async () => {
  const command = { command: "build", mode: "production" } as const;
  const { config } = (await loadConfigFromFile(command, join(root, "vite.library.config.ts")))!;
  const plugins = (config.plugins as Plugin[]).filter(({ name }) => name !== "declarations");
  const outDir = join(library, "dist/library");
  await build({ ...config, configFile: false, logLevel: "warn", plugins, build: { ...config.build, outDir } });
  copyFileSync(join(root, "package.json"), join(library, "package.json"));
  writeFileSync(join(application, "package.json"), '{ "type": "module" }');
  built = await import(/* @vite-ignore */ pathToFileURL(join(outDir, "index.js")).href);
});
afterAll(() => rmSync(application, { recursive: true }));

const steps = 12;
const batch = 10;
const data = {
  inputs: integers(steps * batch, 1, 0, 8),
  targets: integers(steps * batch, 2, -1, 8),
  lengths: integers(batch, 3, 1, steps),
};

/** Losses of some training steps, text that is then written, and what was measured. */
async function work(library: typeof source, options: source.UniformOptions, optimizer: source.Optimizer) {
  const own = await library.openGpu({ device: gpu().device });
  const network = await library.Network.create(own, options);
  const losses: number[] = [];
  for (const checkpointEvery of [undefined, 4]) {
    const more = { clipNorm: 1, ...(options.bidirectional ? {} : { checkpointEvery }) };
    const trainer = await library.Trainer.create(network, { steps, batch, optimizer, ...more });
    for await (const { loss } of trainer.train([data, data, data])) losses.push(loss);
    trainer.destroy();
  }
  const text = options.bidirectional
    ? []
    : [...(await library.generate(network, { prompt: [1, 2], length: 9, seed: 5 }))];
  network.destroy();
  return { losses, text };
}

const nine = { inputs: 9, hidden: 13, outputs: 9, input: "tokens", readout: "every-step" } as const;

test.each([
  ["an Elman network with SGD", { ...nine, cell: "elman" }, source.sgd({ learningRate: 1, momentum: 0.5 })],
  ["a GRU with Adam", { ...nine, cell: "gru", layers: 2, dropout: 0.3 }, source.adam({ learningRate: 0.02 })],
  ["a GRU that resets first", { ...nine, cell: "gru", reset: "before" }, source.rmsprop({ learningRate: 0.01 })],
  ["a bidirectional LSTM", { ...nine, cell: "lstm", bidirectional: true }, source.adam({ learningRate: 0.02 })],
] satisfies [string, source.UniformOptions, source.Optimizer][])(
  "%s trains and writes to the bit as its source does",
  async (_, options, optimizer) => {
    const expected = await work(source, options, optimizer);
    expect(expected.losses.every(Number.isFinite)).toBe(true);
    expect(await work(built, options, optimizer)).toEqual(expected);
  },
);

test("it exports what its source does", () => {
  expect(Object.keys(built).sort()).toEqual(Object.keys(source).sort());
});

type SizeLimit = { name: string; import: string; ignore?: string[] };
const limits: SizeLimit[] = JSON.parse(readFileSync(join(root, ".size-limit.json"), "utf8"));

test("what the size of what trains leaves out is loaded when it is needed, not at once", async () => {
  const { import: names, ignore = [] } = limits[0]!;
  const stdin = { contents: `import ${names} from "tempograd"; globalThis.used = ${names};`, resolveDir: application };
  const { metafile } = await esbuild({
    ...{ stdin, absWorkingDir: application, outdir: "out-size", write: false, metafile: true, logLevel: "error" },
    ...{ bundle: true, splitting: true, format: "esm" },
  });
  const { outputs } = metafile;
  const loaded = new Set<string>();
  const load = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { kind, path } of outputs[file]!.imports) if (kind !== "dynamic-import") load(path);
  };
  load(Object.keys(outputs).find((file) => outputs[file]!.entryPoint === "<stdin>")!);
  const modules = (files: Iterable<string>) =>
    [...files].flatMap((file) =>
      Object.entries(outputs[file]!.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : [])),
    );
  const namesOf = (paths: string[]) => new Set(paths.map((path) => basename(path)));
  const [atOnce, all] = [namesOf(modules(loaded)), namesOf(modules(Object.keys(outputs)))];
  const left = ignore.map((path) => basename(path));
  expect(left.filter((name) => atOnce.has(name))).toEqual([]);
  expect(left.filter((name) => !all.has(name))).toEqual([]);
});

/** What bundlers make of an application's one module: the texts of what it loads at once, by file; itself comes first. */
const bundlers: Record<string, (entry: string, outDir: string) => Promise<Map<string, string>>> = {
  async vite(entry, outDir) {
    const options = { outDir, minify: false, modulePreload: false, rollupOptions: { input: entry } } as const;
    const { output } = (await build({
      root: application,
      configFile: false,
      logLevel: "warn",
      build: options,
    })) as Rolldown.RolldownOutput;
    return new Map(output.map((file) => [join(outDir, file.fileName), file.type === "chunk" ? file.code : ""]));
  },
  async "esbuild, splitting"(entry, outdir) {
    const options = { bundle: true, splitting: true, format: "esm", metafile: true, logLevel: "warning" } as const;
    const { metafile } = await esbuild({ absWorkingDir: application, entryPoints: [entry], outdir, ...options });
    const loaded = new Map<string, string>();
    const load = (file: string) => {
      if (loaded.has(join(application, file))) return;
      loaded.set(join(application, file), readFileSync(join(application, file), "utf8"));
      for (const { path } of metafile.outputs[file]!.imports) load(path);
    };
    load(Object.keys(metafile.outputs).find((file) => metafile.outputs[file]!.entryPoint === basename(entry))!);
    return loaded;
  },
};

test.each(Object.keys(bundlers))(
  "of an application that only reads files, %s makes one without the engine",
  async (bundler) => {
    const entry = join(application, "reads-files.js");
    writeFileSync(entry, 'import { readSafetensors } from "tempograd";\nglobalThis.readsFiles = readSafetensors;\n');
    const outDir = join(application, `out-${bundler.split(",")[0]}`);
    const loaded = await bundlers[bundler]!(entry, outDir);
    expect([...loaded.values()].join("\n")).not.toMatch(/gpu|wgsl|network|trainer/i);
    const [own] = loaded.keys();
    await import(/* @vite-ignore */ pathToFileURL(own!).href);
    const { readsFiles } = globalThis as unknown as { readsFiles: typeof source.readSafetensors };
    const tensors = new Map([["a", { shape: [2], data: Float32Array.of(1, 2) }]]);
    expect(readsFiles(source.writeSafetensors(tensors, { b: "c" }))).toEqual({ metadata: { b: "c" }, tensors });
  },
);
