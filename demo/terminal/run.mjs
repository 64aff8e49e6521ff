// Runs a TypeScript program of this folder in Node, with Vite's imports: node run.mjs NAME ARGUMENTS…
// A program exports main(arguments), which answers the exit code. A failure is one line, and exit code 1.

import { resolve } from "node:path";
import { createServer, createServerModuleRunner } from "vite";

const [name, ...args] = process.argv.slice(2);
const server = await createServer({
  root: resolve(import.meta.dirname, "../.."),
  configFile: false,
  logLevel: "error",
  server: { middlewareMode: true, ws: false, hmr: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
try {
  const { main } = await runner.import(`/demo/terminal/${name}.ts`);
  process.exitCode = await main(args);
} catch (error) {
  console.error(process.env.DEBUG ? error : error.message);
  process.exitCode = 1;
} finally {
  await runner.close();
  await server.close();
}
