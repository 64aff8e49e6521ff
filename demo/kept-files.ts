// Builds the service worker beside the pages, and tells it which files it is to keep.

import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { Plugin } from "vite";

const worker = "service-worker.js";
/** Where the chunks of the benchmark's other libraries go: megabytes, which are kept only when they were loaded. */
const peers = "assets/peers/";
const isPeer = (module: string) =>
  /\/node_modules\/(@tensorflow|@jax-js|brain\.js|onnxruntime-web|@bufbuild)\//.test(module);

export function keptFiles(): Plugin {
  return {
    name: "kept-files",
    apply: "build",
    config: () => ({ worker: { rollupOptions: { output: { chunkFileNames, assetFileNames } } } }),
    buildStart() {
      this.emitFile({ type: "chunk", id: resolve(import.meta.dirname, "service-worker.ts"), fileName: worker });
    },
    generateBundle: {
      order: "post", // the pages are finished by then
      handler(_, bundle) {
        const files = Object.values(bundle)
          .filter(({ fileName }) => fileName !== worker && !fileName.startsWith(peers))
          .map((file) => [addressOf(file.fileName), digest(file.type === "chunk" ? file.code : file.source)]);
        const build = { version: digest(JSON.stringify(files)), files: Object.fromEntries(files) };
        const chunk = bundle[worker];
        if (chunk?.type === "chunk") chunk.code = chunk.code.replace("__BUILD__", () => JSON.stringify(build));
      },
    },
  };
}

const chunkFileNames = ({ moduleIds }: { moduleIds: string[] }) =>
  `${moduleIds.some(isPeer) ? peers : "assets/"}[name]-[hash].js`;

/** Pages go by their folders, which all servers answer: some redirect from index.html. */
const addressOf = (fileName: string) => fileName.replace(/index\.html$/, "") || "./";

/** What workers load beside their chunks: WebAssembly, which only the other libraries have. */
const assetFileNames = ({ names }: { names: string[] }) =>
  `${names.some((name) => name.endsWith(".wasm")) ? peers : "assets/"}[name]-[hash][extname]`;

const digest = (content: string | Uint8Array) => `sha256-${createHash("sha256").update(content).digest("base64")}`;
