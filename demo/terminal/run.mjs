// Runs a TypeScript program in Node, with Vite's imports: node run.mjs FILE ARGUMENTS…, the file from the root.
// A program exports main(arguments), which answers the exit code. A failure is one line, and exit code 1.
// It is bundled first, which takes half the time of loading it module by module, and the bundle is kept until a source changes.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [file, ...args] = process.argv.slice(2);
const root = resolve(import.meta.dirname, "../..");
const debug = process.env.DEBUG !== undefined;
process.env.NODE_ENV ??= "development"; // else the build says "production", also to servers that the program opens
process.setSourceMapsEnabled(debug);

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

/** Of all that a program may be bundled from, and how: when each file was written, and how long it is. */
function stateOfSources() {
  const state = createHash("sha256").update(JSON.stringify([root, debug, process.env.NODE_ENV]));
  const add = (path) => {
    const { mtimeMs, size } = statSync(path);
    state.update(`${path} ${mtimeMs} ${size}\n`);
  };
  for (const folder of ["demo", "shaders", "src"]) {
    const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries) if (entry.isFile()) add(join(entry.parentPath, entry.name));
  }
  add(join(root, "package-lock.json"));
  return state.digest("hex").slice(0, 16);
}

/** Bundles into a folder of its own, which then takes its place at once: another process may do the same. */
async function bundle(folder) {
  const { build } = await import("vite");
  const outDir = mkdtempSync(`${folder}-`);
  const output = { entryFileNames: "main.mjs", chunkFileNames: "[name]-[hash].mjs" };
  try {
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
    renameSync(outDir, folder);
  } catch (error) {
    rmSync(outDir, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // else another process was first
  }
}

const cache = join(root, "node_modules/.cache/tempograd"); // where Node finds the packages from
const unusedMilliseconds = 7 * 24 * 3600 * 1000;

/** Removes bundles that no program was started from for a week. */
function clean() {
  for (const name of readdirSync(cache).filter((name) => name.startsWith("program-"))) {
    const unused = Date.now() - statSync(join(cache, name)).mtimeMs > unusedMilliseconds;
    if (unused) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

try {
  const folder = join(cache, `program-${basename(file, ".ts")}-${stateOfSources()}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    clean();
    await bundle(folder);
  }
  utimesSync(folder, new Date(), new Date());
  const { main } = await import(pathToFileURL(join(folder, "main.mjs")).href);
  process.exitCode = await main(args);
} catch (error) {
  console.error(debug ? error : error.message);
  process.exitCode = 1;
}
