// Builds the library: one ES module that carries the shaders and two small packages inside, and its type declarations.
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

export default defineConfig({
  root,
  plugins: [declarations],
  build: {
    outDir,
    target: "es2022",
    minify: false,
    license: { fileName: "third-party-licenses.md" },
    lib: { entry: "src/index.ts", formats: ["es"], fileName: "index" },
  },
});
