// Serves and builds the pages; vite.library.config.ts builds the library.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Connect, defineConfig } from "vite";
import { commit } from "./demo/commit.ts";
import { docs, frame, pages } from "./demo/frame.ts";
import { keptFiles } from "./demo/kept-files.ts";

const isolation = {
  // Cross-origin isolation sharpens performance.now() from 100 µs to 5 µs.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const root = import.meta.dirname;

/**
 * The root of the server is the repository's, so that pages reach the sources; what is built has the pages at its root, and
 * the docs among them.
 */
const home: Connect.NextHandleFunction = (request, response, next) => {
  if (request.url === "/") return void response.writeHead(302, { Location: "/demo/" }).end();
  if (!request.url?.startsWith(`/demo/${docs}`)) return next();
  if (existsSync(resolve(root, "dist/pages", docs))) {
    return void response.writeHead(302, { Location: request.url.replace("/demo/", "/dist/pages/") }).end();
  }
  response.writeHead(404).end("The docs are not made yet: npm run docs.");
};

export default defineConfig(({ command }) => ({
  root: command === "build" ? resolve(root, "demo") : root,
  define: { __COMMIT__: JSON.stringify(commit()) },
  plugins: [frame(), keptFiles(), { name: "home", configureServer: ({ middlewares }) => void middlewares.use(home) }],
  base: "./",
  server: { headers: isolation },
  preview: { headers: isolation },
  // Workers are not searched for what is to be bundled: a server that met it in mid-run would reload the page.
  optimizeDeps: {
    entries: ["demo/**/index.html", "demo/benchmark/engines/*.ts", "demo/workshop/worker.ts"],
    exclude: ["onnxruntime-web"],
  },
  worker: { format: "es" },
  build: {
    outDir: resolve(root, "dist/pages"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1300, // Moby-Dick, loaded when asked for
    rollupOptions: { input: Object.keys(pages).map((folder) => resolve(root, "demo", folder, "index.html")) },
  },
}));
