// Runs a TypeScript program in Node, with Vite's imports: node run.mjs FILE ARGUMENTS…, the file from the root.
// A program exports main(arguments), which answers the exit code. A failure is one line, and exit code 1.
// It is bundled first, which takes half the time of loading it module by module.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";

const [file, ...args] = process.argv.slice(2);
const root = resolve(import.meta.dirname, "../..");
const debug = process.env.DEBUG !== undefined;

/** Has modules find what lies beside them, from wherever the bundle is. */
const places = {
  name: "places",
  transform(code, id) {
    if (!id.startsWith(root) || !code.includes("import.meta.")) return null;
    return code
      .replaceAll("import.meta.dirname", JSON.stringify(dirname(id)))
      .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href));
  },
};

const cache = join(root, "node_modules/.cache/tempograd"); // where Node finds the packages from
mkdirSync(cache, { recursive: true });
const outDir = mkdtempSync(join(cache, "program-"));
process.once("exit", () => rmSync(outDir, { recursive: true, force: true }));
process.env.NODE_ENV ??= "development"; // else the build says "production", also to servers that the program opens
process.setSourceMapsEnabled(debug);
try {
  const output = { entryFileNames: "main.mjs", chunkFileNames: "[name]-[hash].mjs" };
  await build({
    root,
    configFile: false,
    logLevel: "error",
    plugins: [places],
    build: {
      ssr: resolve(root, file),
      outDir,
      target: "node20",
      sourcemap: debug && "inline",
      rollupOptions: { output },
    },
  });
  const { main } = await import(pathToFileURL(join(outDir, "main.mjs")).href);
  process.exitCode = await main(args);
} catch (error) {
  console.error(debug ? error : error.message);
  process.exitCode = 1;
}
