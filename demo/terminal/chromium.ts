// Finds a browser with WebGPU on Linux, macOS and Windows, and launches it headless.
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import puppeteer, { type Browser } from "puppeteer";
import { unpackChromium } from "./unpack-chromium";

/** A browser that can be launched. */
export interface BrowserProgram {
  path: string;
  /** Where it was found, for people. */
  source: string;
  /** What its process needs on top of our own environment. */
  environment: Record<string, string>;
  /** Whether its sandbox can be expected to work. */
  sandbox: boolean;
}

const environmentVariables = ["TEMPOGRAD_BROWSER", "PUPPETEER_EXECUTABLE_PATH"];

// Ubuntu's chromium-browser is left out: it may be a stub that asks for a snap.
const linuxCommands = ["google-chrome", "google-chrome-stable", "chromium", "microsoft-edge", "microsoft-edge-stable"];
const macApplications = ["Google Chrome", "Chromium", "Microsoft Edge"];
const windowsPrograms = [
  "Google/Chrome/Application/chrome.exe",
  "Chromium/Application/chrome.exe",
  "Microsoft/Edge/Application/msedge.exe",
];
const windowsFolders = ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"];

/** The paths where Chrome, Chromium and Edge are installed on a system, best first; most do not exist. */
function usualPaths(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string[] {
  const combine = (folders: (string | undefined)[], files: string[]) =>
    files.flatMap((file) => folders.flatMap((folder) => (folder ? [join(folder, file)] : [])));
  if (platform === "darwin") {
    const executables = macApplications.map((name) => `${name}.app/Contents/MacOS/${name}`);
    return combine(["/Applications", environment.HOME && join(environment.HOME, "Applications")], executables);
  }
  if (platform === "win32") {
    return combine(
      windowsFolders.map((name) => environment[name]),
      windowsPrograms,
    );
  }
  return combine(environment.PATH?.split(delimiter) ?? [], linuxCommands);
}

/**
 * Finds a browser: the one that the environment names, else an installed Chrome, Chromium or Edge, else (Linux x64)
 * the one that the npm package @sparticuz/chromium carries, unpacked on first use.
 *
 * @throws Error where the environment names a file that does not exist, or where nothing is found.
 */
export async function findBrowser(
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<BrowserProgram> {
  const sandbox = process.getuid?.() !== 0; // Chromium refuses its sandbox to root
  for (const variable of environmentVariables) {
    const path = environment[variable];
    if (!path) continue;
    if (existsSync(path)) return { path, source: variable, environment: {}, sandbox };
    throw new Error(`findBrowser: ${variable} is "${path}", expected a file that exists; correct it or unset it.`);
  }
  const installed = usualPaths(platform, environment).find((path) => existsSync(path));
  if (installed) return { path: installed, source: "installed", environment: {}, sandbox };
  if (platform === "linux" && arch === "x64") return npmBrowser();
  throw new Error(
    `findBrowser: no browser found on ${platform} ${arch}, expected Chrome, Chromium or Edge; ` +
      "set TEMPOGRAD_BROWSER=/path/to/chrome or install Google Chrome, Chromium or Microsoft Edge.",
  );
}

async function npmBrowser(): Promise<BrowserProgram> {
  const folder = await unpackChromium();
  const path = join(folder, "chromium");
  const environment: Record<string, string> = { FONTCONFIG_FILE: join(folder, "fonts.conf") };
  const starts = await promisify(execFile)(path, ["--version"]).then(
    () => true,
    () => false,
  );
  if (!starts) {
    const libraries = [join(folder, "al2023/lib"), process.env.LD_LIBRARY_PATH];
    environment.LD_LIBRARY_PATH = libraries.filter(Boolean).join(":");
  }
  // It comes without the set-uid helper, and distributions forbid unprivileged namespaces: no sandbox.
  return { path, source: "@sparticuz/chromium", environment, sandbox: false };
}

/** Whether Linux has a graphics device, with or without a driver that Chromium can use. */
function hasGraphicsDevice(): boolean {
  const devices = ["/dev", "/dev/dri"].flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  return devices.some((name) => /^(renderD|nvidia)\d+$/.test(name));
}

// What headless Chromium must be told on Linux; elsewhere it needs no telling.
// For a GPU, from Chrome's guide to WebGPU in headless Linux. Without a working driver they leave no adapter at all.
const gpuFlags = ["--enable-features=Vulkan", "--use-angle=vulkan", "--disable-vulkan-surface"];
// Without them SwiftShader computes, but a canvas that WebGPU draws to ends its device.
const softwareFlags = ["--enable-features=Vulkan", "--use-angle=swiftshader", "--use-vulkan=swiftshader"];

/**
 * Launches a browser whose secure pages have `navigator.gpu`: on the GPU where there is one, else on SwiftShader.
 *
 * @param tryGpu whether to look for a GPU on Linux.
 * @throws what `findBrowser` throws, and puppeteer's error where the browser does not start.
 */
export async function launchBrowser(tryGpu: boolean = hasGraphicsDevice()): Promise<Browser> {
  const program = await findBrowser();
  if (process.platform === "linux") {
    for (const flags of tryGpu ? [gpuFlags, softwareFlags] : [softwareFlags]) {
      const browser = await launch(program, flags);
      if (await hasAdapter(browser).catch(() => false)) return browser;
      await browser.close();
    }
  }
  return launch(program, []);
}

function launch({ path, environment, sandbox }: BrowserProgram, flags: string[]): Promise<Browser> {
  return puppeteer.launch({
    executablePath: path,
    headless: true,
    protocolTimeout: 0, // a training run on a software adapter may take minutes
    env: { ...process.env, ...environment },
    args: [
      "--enable-unsafe-webgpu",
      "--accept-lang=en-US", // under LANG=C headless Chromium says "en-US@posix", which Intl refuses
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      ...(sandbox ? [] : ["--no-sandbox"]),
      ...flags,
    ],
  });
}

async function hasAdapter(browser: Browser): Promise<boolean> {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(join(import.meta.dirname, "blank.html")).href); // about:blank has no navigator.gpu
  const found = await page.evaluate("navigator.gpu?.requestAdapter().then((adapter) => adapter !== null)");
  await page.close();
  return found === true;
}
