// The package as whoever installs it has it: built, packed, and installed in an application's folder that has nothing else.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, loadConfigFromFile, type Plugin } from "vite";

const root = resolve(import.meta.dirname, "..");

/** Installs the library for an application. @returns the application's folder, in one that is the caller's, to remove. */
export async function install({ declarations = false } = {}): Promise<{ folder: string; application: string }> {
  const folder = mkdtempSync(join(tmpdir(), "tempograd-application-"));
  const command = { command: "build", mode: "production" } as const;
  const { config } = (await loadConfigFromFile(command, join(root, "vite.library.config.ts")))!;
  const plugins = (config.plugins as Plugin[]).filter(({ name }) => declarations || name !== "declarations");
  const packed = join(folder, "package");
  const outDir = join(packed, "dist/library");
  await build({ ...config, configFile: false, logLevel: "warn", plugins, build: { ...config.build, outDir } });
  for (const file of ["package.json", "README.md", "CHANGELOG.md", "LICENSE", "demo/pictures"]) {
    cpSync(join(root, file), join(packed, file), { recursive: true });
  }
  const npm = (cwd: string, ...options: string[]) =>
    execFileSync("npm", [...options, "--offline", "--ignore-scripts", "--loglevel", "error"], {
      cwd,
      encoding: "utf8",
    });
  const tarball = npm(packed, "pack", "--pack-destination", folder).trim();
  const application = join(folder, "application");
  mkdirSync(application);
  writeFileSync(join(application, "package.json"), '{ "type": "module" }');
  npm(application, "install", "--omit=peer", join(folder, tarball));
  return { folder, application };
}
