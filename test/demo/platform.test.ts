// How the terminal programs find and use a browser and a WebGPU implementation.
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findBrowser, launchBrowser } from "../../demo/terminal/chromium";
import { callInPage, withPage } from "../../demo/terminal/in-browser";
import { openNodeGpu } from "../../demo/terminal/node-gpu";
import { doubledOn } from "./in-page";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tempograd-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** Runs a script in a Node process of its own, where `load` imports a module of demo/terminal; gives its output. */
async function runInNode(script: string): Promise<string> {
  const load = `
    import { runnerImport } from "vite";
    const load = async (name) =>
      (await runnerImport("./demo/terminal/" + name + ".ts", { configFile: false })).module;`;
  const options = ["--expose-gc", "--input-type=module", "--eval"];
  const { stdout } = await run(process.execPath, [...options, load + script], { cwd: root, timeout: 20_000 });
  return stdout.trim();
}

async function fakeProgram(path: string): Promise<string> {
  const full = join(folder, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, "");
  await chmod(full, 0o755);
  return full;
}

describe("findBrowser", () => {
  test("takes the browser that the environment names, before an installed one", async () => {
    await fakeProgram("bin/google-chrome");
    const named = await fakeProgram("mine/chrome");
    const found = await findBrowser("linux", "x64", { PATH: join(folder, "bin"), TEMPOGRAD_BROWSER: named });
    expect(found).toMatchObject({ path: named, source: "TEMPOGRAD_BROWSER" });
  });

  test("says so when the browser that the environment names does not exist", async () => {
    const path = join(folder, "none");
    await expect(findBrowser("linux", "x64", { PUPPETEER_EXECUTABLE_PATH: path })).rejects.toThrow(
      `findBrowser: PUPPETEER_EXECUTABLE_PATH is "${path}", expected a file that exists; correct it or unset it.`,
    );
  });

  test("prefers Chrome to Edge on Linux, wherever they stand in PATH", async () => {
    await fakeProgram("first/microsoft-edge");
    const chrome = await fakeProgram("second/google-chrome");
    const PATH = [join(folder, "first"), join(folder, "second")].join(delimiter);
    expect((await findBrowser("linux", "arm64", { PATH })).path).toBe(chrome);
  });

  test("finds Edge on Windows, in a user's own folder", async () => {
    const edge = await fakeProgram("Microsoft/Edge/Application/msedge.exe");
    const found = await findBrowser("win32", "x64", { PROGRAMFILES: join(folder, "none"), LOCALAPPDATA: folder });
    expect(found.path).toBe(edge);
  });

  test("finds Chromium on macOS, in a user's own applications", async () => {
    const chromium = await fakeProgram("Applications/Chromium.app/Contents/MacOS/Chromium");
    const installed = await findBrowser("darwin", "arm64", { HOME: folder });
    if (process.platform !== "darwin") expect(installed.path).toBe(chromium);
    expect(installed.source).toBe("installed");
  });

  test("names the cure where there is no browser", async () => {
    await expect(findBrowser("linux", "arm64", { PATH: "" })).rejects.toThrow(
      "findBrowser: no browser found on linux arm64, expected Chrome, Chromium or Edge; " +
        "set TEMPOGRAD_BROWSER=/path/to/chrome or install Google Chrome, Chromium or Microsoft Edge.",
    );
  });
});

describe("launchBrowser", () => {
  test("starts a browser that has an adapter even where looking for a GPU finds none", async () => {
    const browser = await launchBrowser(true);
    const page = await browser.newPage();
    await page.goto(pathToFileURL(join(root, "demo/terminal/blank.html")).href);
    const found = await page.evaluate("navigator.gpu.requestAdapter().then((adapter) => adapter !== null)");
    await browser.close();
    expect(found).toBe(true);
  }, 30_000);
});

describe("withPage", () => {
  test("computes on WebGPU in a cross-origin isolated page", async () => {
    const result = await withPage(async (page) => ({
      isolated: await page.evaluate("crossOriginIsolated"),
      doubled: await callInPage(page, "/test/demo/in-page.ts", "doubled", [1, 2.5, -3]),
      text: await callInPage(page, "/test/demo/in-page.ts", "importedText"),
    }));
    expect(result.isolated).toBe(true);
    expect(result.doubled).toEqual([2, 5, -6]);
    expect(result.text).toContain("<title>tempograd</title>");
  }, 30_000);

  test("fails with what the page prints as an error", async () => {
    const complaint = withPage((page) => callInPage(page, "/test/demo/in-page.ts", "complain"));
    await expect(complaint).rejects.toThrow("the page complains");
  }, 30_000);

  test("fails with the page's own error when the called function is missing", async () => {
    const call = withPage((page) => callInPage(page, "/test/demo/in-page.ts", "absent"));
    await expect(call).rejects.toThrow(/absent is not a function/);
  }, 30_000);

  test("gives a locale that Intl accepts", async () => {
    const format = "new Intl.NumberFormat(navigator.language).format(0.5)";
    expect(await withPage((page) => page.evaluate(format))).toBe("0.5");
  }, 30_000);
});

describe("openNodeGpu", () => {
  test("computes on the adapter that it describes", async () => {
    const nodeGpu = await openNodeGpu();
    expect(nodeGpu.description).toMatch(nodeGpu.software ? / \(software\)$/ : /^\S+ /);
    expect(await doubledOn(nodeGpu.gpu, [1, 2.5, -3])).toEqual([2, 5, -6]);
    nodeGpu.close();
    expect(() => nodeGpu.gpu).toThrow("NodeGpu: gpu was read after close");
  }, 30_000);

  test("keeps WebGPU alive for a device whose program dropped all else", async () => {
    const output = await runInNode(`
      const { openNodeGpu } = await load("node-gpu");
      const openDevice = async () => (await (await openNodeGpu()).gpu.requestAdapter()).requestDevice();
      const device = await openDevice();
      for (let round = 0; round < 5; round++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
      await device.queue.onSubmittedWorkDone();
      device.destroy();
      console.log("alive");`);
    expect(output).toBe("alive");
  }, 30_000);

  test("leaves the environment as it was, so that a browser started later sees its own drivers", async () => {
    const before = { ...process.env };
    (await openNodeGpu()).close();
    expect({ ...process.env }).toEqual(before);
  });

  test("opens a real GPU or none when one is asked for", async () => {
    const nodeGpu = await openNodeGpu("gpu").catch((error: Error) => error);
    if (nodeGpu instanceof Error) expect(nodeGpu.message).toMatch(/expected a real GPU; install the GPU's driver/);
    else {
      expect(nodeGpu.software).toBe(false);
      nodeGpu.close();
    }
  });

  test.runIf(process.platform === "linux" && process.arch === "x64")("opens SwiftShader on Linux", async () => {
    const nodeGpu = await openNodeGpu("software");
    expect(nodeGpu.description).toMatch(/swiftshader.*\(software\)$/i);
    nodeGpu.close();
  });
});

test.runIf(process.platform === "linux" && process.arch === "x64")(
  "two processes that unpack the npm browser at once both get one that starts",
  async () => {
    const unpack = () =>
      runInNode(`
        const { unpackChromium } = await load("unpack-chromium");
        console.log(await unpackChromium(${JSON.stringify(folder)}));`);
    const [first, second] = await Promise.all([unpack(), unpack()]);
    expect(first).toBe(second);
    expect((await readdir(folder)).map((name) => join(folder, name))).toEqual([first]); // no staging folder is left
    const { environment } = await findBrowser("linux", "x64", {});
    const env = { ...process.env, ...environment };
    const { stdout } = await run(join(first!, "chromium"), ["--version"], { env });
    expect(stdout).toMatch(/^Chromium \d+/);
  },
  30_000,
);
