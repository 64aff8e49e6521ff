// Builds the library: an ES module for each source, the shaders and six small packages among them, and type
// declarations.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const root = import.meta.dirname;

/** Writes the declarations. Node's resolution wants the extensions that the sources leave out of their imports. */
const declarations: Plugin = {
  name: "declarations",
  writeBundle({ dir: outDir = "" }) {
    const tsc = resolve(root, "node_modules/typescript/bin/tsc");
    const options = ["-p", resolve(root, "tsconfig.library.json"), "--outDir", outDir];
    execFileSync(process.execPath, [tsc, ...options], { stdio: "inherit" });
    for (const file of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".d.ts")) continue;
      const path = resolve(outDir, file);
      const text = readFileSync(path, "utf8").replace(/((?:from |import\()"\.\.)"/g, '$1/index"');
      writeFileSync(path, text.replace(/((?:from |import\()"\.[^"]*)"/g, '$1.js"'));
    }
  },
};

/** Takes comments and spare blanks out of the shaders, which no minifier of JavaScript touches. */
const shortShaders: Plugin = {
  name: "short shaders",
  enforce: "pre",
  load(id) {
    const [path, query] = id.split("?");
    if (query !== "raw" || !path?.endsWith(".wgsl")) return null;
    const lines = readFileSync(path, "utf8").split("\n");
    const shorter = (line: string) => {
      const code = line.replace(/\/\/.*$/, "").trim();
      return code.startsWith("#") ? code : code.replace(/\s*([-,;:={}()+*/<>&|?%@])\s*(?!-)/g, "$1"); // a directive ends with its line
    };
    const kept = lines.map(shorter).filter((line) => line !== "");
    const text = kept
      .join("\n")
      .replace(/([;{},()])\n(?!#)/g, "$1")
      .replace(/,(?=[)}\]>])/g, "");
    return `export default ${JSON.stringify(`${text}\n`)}`;
  },
};

/**
 * Has index.js say `export *` of a module for each folder, which names what is public of it. Where one module names all,
 * esbuild (0.28, when it splits) has whoever imports any name load also what the others share with modules that are
 * loaded later; so a module that is itself loaded later, by others, has one of its own.
 */
const barrels: Plugin = {
  name: "barrels",
  generateBundle(_, bundle) {
    const index = bundle["index.js"];
    if (index?.type !== "chunk") throw new Error('The library has no chunk "index.js".');
    const pairs = (names: string) => names.split(", ").map((name) => name.split(" as "));
    const exported = new Map(
      pairs(/export \{ (.*) \}/.exec(index.code)![1]!).map(([local, name = local]) => [local, name]),
    );
    const own: string[] = [];
    const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
    const later = new Set(chunks.flatMap(({ dynamicImports }) => dynamicImports));
    const barrelled = new Map<string, string[]>();
    for (const [, names, folder, file] of index.code.matchAll(/import \{ (.*) \} from "\.\/(?:(.*)\/)?(.*)"/g)) {
      const list = pairs(names!).map(([name, local = name]) => {
        const as = exported.get(local);
        return as === name ? name : `${name} as ${as}`;
      });
      const barrel = later.has(`${folder}/${file}`) ? `${folder}/index-of-${file}` : `${folder}/index.js`;
      const lines = folder === undefined ? own : (barrelled.get(barrel) ?? []);
      if (folder !== undefined) barrelled.set(barrel, lines);
      lines.push(`export { ${list.join(", ")} } from "./${file}";\n`);
    }
    for (const [fileName, lines] of barrelled) this.emitFile({ type: "asset", fileName, source: lines.join("") });
    index.code = [...own, ...[...barrelled.keys()].map((file) => `export * from "./${file}";\n`)].join("");
  },
};

export default defineConfig({
  root,
  plugins: [shortShaders, barrels, declarations],
  build: {
    outDir: resolve(root, "dist/library"),
    target: "es2022",
    minify: false,
    sourcemap: true,
    license: { fileName: "third-party-licenses.md" },
    lib: {
      entry: ["", "onnx/", "standalone/", "hugging-face/", "keras/"].map((folder) => `src/${folder}index.ts`),
      formats: ["es"],
    },
    rollupOptions: {
      // A module a source: what is not imported, and what is loaded when it is needed, is left out by every bundler.
      output: {
        preserveModules: true,
        preserveModulesRoot: resolve(root, "src"),
        // npm packs no folder of the name node_modules.
        entryFileNames: ({ name }) => `${name.replace(/^node_modules/, "third-party").replace(/_raw$/, "")}.js`,
      },
    },
  },
});
