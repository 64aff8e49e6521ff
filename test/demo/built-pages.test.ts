// The pages as they are built: their policy, what they reach, how they can be used, and that they work without a network.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Page, WebWorker } from "puppeteer";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { toHash } from "../../demo/benchmark/share";
import { pages } from "../../demo/frame";
import { testInChromium } from "../visit";
import { fullReport } from "./benchmark-report";
import {
  browser,
  buildPages,
  bytesOfCode,
  folders,
  mostBytes,
  noGpu,
  noServiceWorkers,
  open,
  server,
  untilUsable,
  useBuiltPages,
  withVisitor,
} from "./built-pages";
import { barriers } from "./page";

/** Pages that compute, and say why they cannot; two go on without a GPU. */
const computing = folders.filter((folder) => !["", "walkthrough", "gradients"].includes(folder));
/** Waits until a build is kept, and answers this page. */
const untilKept = (page: Page) => page.waitForFunction("navigator.serviceWorker.controller !== null");
const editionOf = (page: Page) => page.$eval("meta[name=edition]", (meta) => meta.getAttribute("content"));

useBuiltPages();

describe.each(folders)("the built page /%s", (folder) => {
  test("has a strict policy, and nothing inside that would need a weaker one", () => {
    const html = readFileSync(join(server.folder, folder, "index.html"), "utf8");
    const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)!;
    expect(policy).toMatch(/^default-src 'self';/);
    expect(policy).not.toMatch(/unsafe|\*|http/);
    expect(html.match(/<script(?![^>]*\bsrc=)|<style|<[^>]+\s(style|on\w+)=/g)).toBeNull();
  });

  test("can be read and used, wide in light and narrow in dark", () =>
    withVisitor(async (page) => {
      await page.setViewport({ width: 844, height: 390 });
      await open(page, folder);
      const work = "main button, main input, main canvas, main figure, main a";
      const seen = `document.querySelector("${work}").getBoundingClientRect().top < innerHeight`;
      expect(await page.evaluate(seen), "a phone that lies on its side shows what to do").toBe(true);
      if (folder === "benchmark") await open(page, folder, await toHash(fullReport)); // with results
      for (const [width, scheme] of [[320], [1280, "light"], [390, "dark"]] as const) {
        await page.setViewport({ width, height: 800 });
        await page.waitForFunction("document.scrollingElement.scrollWidth <= innerWidth"); // charts take a moment
        if (scheme) expect(await barriers(page, scheme), `${scheme}, ${width} px wide`).toEqual([]);
      }
    }));
});

test.each(computing)("the built page /%s says in words what it lacks where the browser has no WebGPU", (folder) =>
  withVisitor(async (page) => {
    await page.goto(`${server.address}${folder}/`);
    await page.waitForFunction(`document.body.innerText.includes("This browser has no WebGPU")`);
  }, noGpu),
);

test("the home page computes on the processor there, and loads no more than elsewhere", () =>
  withVisitor(
    async (page) => {
      await open(page, "");
      expect(await page.$eval("#processor", (line) => line.checkVisibility())).toBe(true);
      expect(bytesOfCode()).toBeLessThan(mostBytes);
    },
    noGpu,
    noServiceWorkers,
  ));

test("the built page /train offers what it does where the browser lets it keep nothing, without an error", () =>
  withVisitor(
    async (page) => {
      await open(page, "train");
      expect(await page.evaluate("navigator.serviceWorker.getRegistration()")).toBeUndefined();
    },
    `for (const name of ["keys", "open"]) CacheStorage.prototype[name] = async () => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    };
    ServiceWorkerContainer.prototype.register = async () => console.error("a registration, which Firefox reports");`,
  ));

for (const folder of ["", "train", "benchmark"]) {
  testInChromium(`the worker of the built page /${folder} reaches this place alone, as its page does`, async () => {
    const context = await browser.createBrowserContext();
    const asked: string[] = [];
    const elsewhere = createServer(({ url }, response) => {
      asked.push(url!);
      response.setHeader("Access-Control-Allow-Origin", "*").end("there");
    }).listen(0, "127.0.0.1");
    try {
      const page = await context.newPage();
      await open(page, folder);
      const { port } = elsewhere.address() as AddressInfo;
      const reach = (place: Page | WebWorker, address: string) =>
        place.evaluate((address: string) => fetch(address).then(({ ok }) => ok, String), address);
      for (const place of [page, await workerOf(page, folder)]) {
        expect(await reach(place, `${server.address}icon.svg`)).toBe(false); // an answer: it is not there
        expect(await reach(place, `http://127.0.0.1:${port}/leak`)).toMatch(/Failed to fetch|violates/);
      }
      expect(asked).toEqual([]);
    } finally {
      await context.close();
      elsewhere.close();
    }
  });
}

/** The page's worker; the benchmark's that measures the adapter's limits, which takes some seconds. */
async function workerOf(page: Page, folder: string): Promise<WebWorker> {
  const [worker] = page.workers();
  if (folder !== "benchmark") return worker!;
  const second = new Promise<WebWorker>((resolve) => {
    let count = 0;
    page.on("workercreated", (made) => ++count === 2 && resolve(made));
  });
  await page.click("#run");
  return second;
}

describe("once a page was loaded", () => {
  let second: string;
  beforeAll(async () => {
    second = await buildPages("second");
  });

  test("all pages work without a network, and Moby-Dick is there, but nothing of the benchmark's other libraries", () =>
    withVisitor(async (page) => {
      await open(page, "");
      await untilKept(page);
      const assets = join(server.folder, "assets");
      const peers = readdirSync(join(assets, "peers"));
      expect(peers.length).toBeGreaterThan(5);
      expect(server.answers.filter(({ path }) => path.includes("peers"))).toEqual([]);
      server.down = true;
      await page.reload();
      for (const [folder, title] of Object.entries(pages)) {
        const link = await page.$(`nav ::-p-text(${title})`);
        await Promise.all([page.waitForNavigation({ waitUntil: "load" }), link!.click()]);
        expect(page.url()).toBe(`${server.address}${folder && `${folder}/`}`);
        expect(await editionOf(page)).toBe("first");
        await untilUsable(page);
      }
      await page.goto(`${server.address}pens/index.html?from=elsewhere#paper`);
      await untilUsable(page);
      const book = readdirSync(assets).find((name) => /Call me Ishmael/.test(readFileSync(join(assets, name), "utf8")));
      const text = await page.evaluate((name) => fetch(`../assets/${name}`).then((answer) => answer.text()), book);
      expect(text.length).toBeGreaterThan(1_200_000);
    }));

  test("a library of the benchmark is kept when it was loaded", () =>
    withVisitor(async (page) => {
      await open(page, "benchmark");
      await untilKept(page);
      const [peer] = readdirSync(join(server.folder, "assets/peers"));
      const load = () => page.evaluate((name) => fetch(`../assets/peers/${name}`).then(({ ok }) => ok), peer);
      expect(await load()).toBe(true);
      server.down = true;
      expect(await load()).toBe(true);
    }));

  // In Firefox the old one is not let go within two minutes of a page that was left.
  testInChromium("a new build is shown at once, and is kept when no page needs the old one", async () => {
    await withVisitor(async (page) => {
      await open(page, "train");
      await untilKept(page);
      server.folder = second;
      await page.reload();
      expect(await editionOf(page)).toBe("second");
      await page.waitForFunction("navigator.serviceWorker.getRegistration().then(({ waiting }) => waiting !== null)");
      server.down = true;
      await page.reload();
      expect(await editionOf(page)).toBe("first");
      await untilUsable(page);
      await vi.waitFor(async () => {
        await page.goto("about:blank");
        await page.goto(server.address);
        expect(await editionOf(page)).toBe("second");
      }, 5000);
      expect(await page.evaluate("caches.keys().then(({ length }) => length)")).toBe(1);
    });
  });

  test("it is not kept while the server has files of two builds", async () => {
    await withVisitor(async (page) => {
      server.strays.set("pens/index.html", second);
      await open(page, "");
      await vi.waitFor(() => expect(server.answers.map(({ path }) => path)).toContain("pens/index.html"), 5000);
      const refused = "navigator.serviceWorker.getRegistration().then((registration) => registration === undefined)";
      await page.waitForFunction(refused, { polling: 50 });
      server.strays.clear();
      await page.reload();
      await untilKept(page);
    });
  });
});
