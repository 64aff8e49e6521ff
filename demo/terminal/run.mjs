// Runs a TypeScript program in Node, with Vite's imports: node run.mjs FILE ARGUMENTS…, the file from the root.
// A program exports main(arguments), which answers the exit code. A failure is one line, and exit code 1.

import { resolve } from "node:path";
import { createServer, createServerModuleRunner } from "vite";

const [file, ...args] = process.argv.slice(2);
const server = await createServer({
  root: resolve(import.meta.dirname, "../.."),
  configFile: false,
  logLevel: "error",
  server: { middlewareMode: true, ws: false, hmr: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
try {
  const { main } = await runner.import(`/${file}`);
  process.exitCode = await main(args);
} catch (error) {
  console.error(process.env.DEBUG ? error : error.message);
  process.exitCode = 1;
} finally {
  await runner.close();
  await server.close();
}
