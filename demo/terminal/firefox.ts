// Finds Firefox on Linux, macOS and Windows, and launches it headless with WebGPU, by a profile of its own.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import puppeteer, { type Browser } from "puppeteer";

const variable = "TEMPOGRAD_FIREFOX";

/** The paths where Firefox is installed on a system, best first; most do not exist. */
function usualPaths(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string[] {
  if (platform === "darwin") return ["/Applications/Firefox.app/Contents/MacOS/firefox"];
  const folders =
    platform === "win32"
      ? ["PROGRAMFILES", "PROGRAMFILES(X86)"].map((name) => environment[name])
      : environment.PATH?.split(delimiter);
  const files = platform === "win32" ? ["Mozilla Firefox/firefox.exe"] : ["firefox-esr", "firefox"];
  return files.flatMap((file) => (folders ?? []).flatMap((folder) => (folder ? [join(folder, file)] : [])));
}

/**
 * Finds Firefox: the one that TEMPOGRAD_FIREFOX names, else an installed one.
 * @throws Error where the environment names a file that does not exist, or where nothing is found.
 */
export function findFirefox(
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const named = environment[variable];
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`findFirefox: ${variable} is "${named}", expected a file that exists; correct it or unset it.`);
  }
  const installed = usualPaths(platform, environment).find((path) => existsSync(path));
  if (installed) return installed;
  throw new Error(
    `findFirefox: no Firefox found on ${platform}, expected an installed one; set ${variable}=/path/to/firefox or ` +
      "install it (Debian: apt-get install firefox-esr, and mesa-vulkan-drivers where there is no GPU).",
  );
}

/**
 * Launches Firefox with WebGPU, driven over WebDriver BiDi.
 * @param args more of its command line.
 * @throws what `findFirefox` throws, and puppeteer's error where it does not start.
 */
export async function launchFirefox(...args: string[]): Promise<Browser> {
  const executablePath = findFirefox();
  const home = mkdtempSync(join(tmpdir(), "tempograd-firefox-"));
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath,
    args,
    headless: true,
    protocolTimeout: 0, // a run on a software adapter may take minutes
    env: { ...process.env, HOME: home },
    extraPrefsFirefox: {
      "dom.webgpu.enabled": true,
      "dom.webgpu.workers.enabled": true,
      "gfx.webgpu.ignore-blocklist": true, // lavapipe is on it
    },
  });
  browser.process()?.once("exit", () => rmSync(home, { recursive: true, force: true }));
  return browser;
}
