// Builds the library: an ES module that carries the shaders and three small packages inside, modules that it loads when
// they are needed, and type declarations.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const root = import.meta.dirname;
const outDir = resolve(root, "dist/library");

/** Writes the declarations. Node's resolution wants the extensions that the sources leave out of their imports. */
const declarations: Plugin = {
  name: "declarations",
  writeBundle() {
    const tsc = resolve(root, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [tsc, "-p", resolve(root, "tsconfig.library.json")], { stdio: "inherit" });
    for (const file of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".d.ts")) continue;
      const path = resolve(outDir, file);
      const text = readFileSync(path, "utf8");
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
    const text = kept.join("\n").replace(/([;{},()])\n(?!#)/g, "$1");
    return `export default ${JSON.stringify(`${text}\n`)}`;
  },
};

export default defineConfig({
  root,
  plugins: [shortShaders, declarations],
  build: {
    outDir,
    target: "es2022",
    minify: false,
    license: { fileName: "third-party-licenses.md" },
    lib: { entry: "src/index.ts", formats: ["es"], fileName: "index" },
    rollupOptions: {
      // What few need is loaded when it is needed, and takes the rest from the one module that all have.
      preserveEntrySignatures: "allow-extension",
      output: {
        chunkFileNames: "[name].js",
        // Shaders compress best beside each other; the wavefront's stays with the module that is loaded for it.
        codeSplitting: { groups: [{ name: "shaders", test: /(?<!wavefront)\.wgsl/ }] },
      },
    },
  },
});
