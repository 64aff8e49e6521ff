// What a visitor brings to the training page: read as what it is, and read again as its network was trained.

import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { readCheckpoint } from "../../src/index";
import { visit } from "../visit";
import { untilStep } from "./on-train-page";
import { barriers, bring, button, downloaded, enter, isSeen, numberOf, press, textOf, until } from "./page";

const onPage = (address: string, work: (page: Page) => Promise<void>) => visit(`train/#${address}`, work);

/** Drags files over the page, or drops them there. */
const drag = (page: Page, kind: "dragover" | "drop", files: Record<string, Uint8Array | string>) =>
  page.evaluate(
    (kind, files) => {
      const dataTransfer = new DataTransfer();
      for (const [name, bytes] of files) dataTransfer.items.add(new File([Uint8Array.from(bytes)], name));
      document.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
    },
    kind,
    Object.entries(files).map(([name, content]) => [name, [...Buffer.from(content)]] as const),
  );
const drop = (page: Page, name: string, content: Uint8Array | string) => drag(page, "drop", { [name]: content });

const small = "cell=elman&hidden=8&batch=4&steps=8&pauseAt=2";
const text = "L'été, le café était prêt ; la mer était calme. ".repeat(10);

describe("the training page", () => {
  test("refuses a file that is no text, keeps what was brought before, and reads other encodings", () =>
    onPage(`data=own-text&${small}`, async (page) => {
      await button(page, "run");
      await enter(page, { text });
      await bring(page, "file", "cyrillic.txt", Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]));
      await until(
        page,
        "text-error",
        /^cyrillic\.txt: has bytes that are no UTF-8, .*say which, or save it as UTF-8\.$/,
      );
      expect(await textOf(page, "brought-said")).toBe("It cannot be read. What was there before is still there.");
      expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toBe(text);
      expect(await textOf(page, "own-name")).toMatch(/^your text, /);
      await page.select("#brought-encoding", "windows-1251");
      await until(page, "brought-made", /^Read as Windows-1251 \(Cyrillic\), as was chosen\.$/);
      expect(await textOf(page, "brought-problem")).toMatch(/^The text has 6 characters; 20 or more are needed/);
      await bring(page, "file", "utf16.txt", Buffer.from(`\uFEFF${text}`, "utf16le"));
      await until(page, "own-name", /^utf16\.txt, 480 characters/);
      expect(await isSeen(page, "text-error")).toBe(false);
      expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toBe(text);
      await bring(page, "file", "latin1.txt", Buffer.from(text, "latin1"));
      await until(page, "brought-made", /^Read as Windows-1252, as it is no UTF-8\. 432 characters to learn from/);
      expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toBe(text);
    }));

  test("says over the page that a file may be dropped, and of each what came, what it is and why; bad ones change nothing", () =>
    onPage(`data=adding&${small.replace("pauseAt=2", "pauseAt=none")}`, async (page) => {
      await press(page, "run");
      await untilStep(page, 2);
      await drag(page, "dragover", { "table.xlsx": "" });
      expect(await isSeen(page, "drop")).toBe(true);
      await drag(page, "drop", { "a.txt": text, "b.txt": text });
      await until(page, "failure", /^2 files were dropped, expected one: none is taken\.$/);
      expect(await isSeen(page, "brought")).toBe(false);
      await drop(page, "table.xlsx", "PK\x03\x04\x14\0table");
      await until(page, "brought-problem", /^table\.xlsx: is a ZIP archive/);
      expect(await isSeen(page, "drop")).toBe(false);
      expect(await textOf(page, "brought-name")).toBe("table.xlsx, 1 kB");
      const chosen = () => page.$eval("#task", (select) => (select as HTMLSelectElement).value);
      const torn = Array.from({ length: 12 }, (_, i) => `${i % 2 ? "up" : "down"},${i % 3 ? i : "?"},${2 * i}`);
      await drop(page, "torn.csv", ["label,t1,t2", ...torn].join("\n"));
      await until(page, "brought-problem", /4 of 12 rows cannot be used \(row 2: value 1 is "\?"; row 5: .*; row 11: /);
      expect(await textOf(page, "brought-said")).toBe(
        '12 rows of "label", "t1", "t2", read as sequences, to tell the class of each: a column is called "label". What was there before is still there.',
      );
      expect(await chosen()).toBe("adding");
      expect(await textOf(page, "status")).toBe("Training.");
      const step = await numberOf(page, "step");
      await untilStep(page, step + 1); // it goes on all the while

      await page.evaluate(() => scrollTo(0, 3000));
      await drop(page, "a.txt", text);
      await until(
        page,
        "brought-said",
        /^480 characters, read as a text, to write on: its lines are no table\. It needs a reset, and a new start\.$/,
      );
      expect(await chosen()).toBe("text");
      expect(await page.$eval("#brought", (said) => said.getBoundingClientRect().top)).toBeGreaterThanOrEqual(0);
      await drop(page, "b.csv", "day,sales\n2024-01-01,3\n2024-01-02,5\n2024-01-03,4\n");
      await until(
        page,
        "brought-said",
        /^3 rows of "day", "sales", read as a series, to forecast it: its columns are n/,
      );
      expect(await textOf(page, "brought-problem")).toMatch(/has 3 steps, expected .* take fewer time steps/);
      expect(await chosen()).toBe("forecast");
      await drop(page, "a.txt", text);
      await until(page, "own-name", /^a\.txt, 480 characters/);
      expect(await chosen()).toBe("text");
      expect(await isSeen(page, "failure")).toBe(false);
    }));

  test("shows the first rows of a table, by which it can be told what each column is, and that it is something else", () =>
    onPage(small, async (page) => {
      await button(page, "run");
      const rows = Array.from({ length: 40 }, (_, i) => {
        const gap = i === 7 ? "" : `${i % 5},5`;
        return `${String(1 + (i % 28)).padStart(2, "0")}.0${1 + Math.floor(i / 28)}.2024;${i % 2 ? "north" : "south"};${gap};${100 + i}`;
      });
      await drop(page, "shop.csv", ["day;shop;price;sales", ...rows].join("\r\n"));
      await until(page, "brought-said", /^40 rows of "day", "shop", "price", "sales", read as a series/);
      const roles = () =>
        page.$$eval("#brought-rows select", (all) => all.map((one) => (one as HTMLSelectElement).value));
      const choose = async (column: number, role: string) =>
        (await page.$$("#brought-rows select"))[column]!.select(role);
      const held = (id: string) => page.$eval(`#${id}`, (control) => (control as HTMLInputElement).value);
      expect(await roles()).toEqual(["time", "left out", "forecast", "left out"]);
      const cells = await page.$$eval("#brought-rows tbody tr:first-child td", (all) =>
        all.map((one) => one.textContent),
      );
      expect(cells).toEqual(["01.01.2024", "south", "0,5", "100"]);
      await until(page, "brought-problem", /has 40 steps/);
      await enter(page, { steps: "8", future: "2" });
      await until(page, "brought-made", /1 gap in "price" filled by a straight line \(row 9\)/);
      expect(await isSeen(page, "brought-problem")).toBe(false);
      await choose(3, "forecast");
      await choose(2, "known");
      await until(page, "brought-made", /^40 steps of sales, price known ahead/);
      expect([await held("columns"), await held("known")]).toEqual(["sales", "price"]);
      await page.select("#brought-kind", "classify");
      await until(page, "brought-said", /read as sequences, to tell the class of each: so it was chosen/);
      expect([await held("task"), (await roles())[1]]).toEqual(["classify", "class"]);
      await choose(3, "left out");
      await until(
        page,
        "brought-made",
        /^39 in 2 classes \(north, south\), .*, 1 of 40 rows left out, .* \(row 9: its values are \[\]\)/,
      );
      expect(await held("read")).toBe("price");
      await press(page, "brought-close");
      expect(await isSeen(page, "brought")).toBe(false);
      await press(page, "own-look");
      await until(page, "brought-made", /^39 in 2 classes/);

      // Another file has other columns, and is judged anew.
      await drop(page, "flowers.csv", ["length,kind", ...rows.map((_, i) => `${i / 8},kind ${i % 2}`)].join("\n"));
      await until(page, "brought-said", /^40 rows of "length", "kind", read as sequences.*: the values of "kind" come/);
      expect([await held("label"), await held("read")]).toEqual(["", ""]);
      expect(await barriers(page, "light")).toEqual([]);
      await page.setViewport({ width: 320, height: 640 });
      await page.waitForFunction("document.scrollingElement.scrollWidth <= innerWidth");
    }));

  test("says beside the prompt which of its characters the network does not know, for as long as they are there", () =>
    onPage(`data=own-text&prompt=%C3%9Fmer&${small}`, async (page) => {
      const said = () => textOf(page, "prompt-error");
      await button(page, "run");
      await enter(page, { text });
      expect(await said()).toBe(""); // as long as nothing is trained, nobody knows
      await press(page, "run");
      await until(page, "status", /^Paused after 2 steps/);
      const symbols = new Set(text).size;
      const lost = (characters: string) =>
        `The prompt has ${characters}, expected only the ${symbols} characters that the network was trained on; leave the others out. It is read without them.`;
      expect(await said()).toBe(lost('"ß"'));
      expect(await isSeen(page, "prompt-error")).toBe(true);
      expect(await page.$eval(".sample .prompt", (first) => first.parentElement?.textContent)).toMatch(/^mer/);
      await enter(page, { prompt: "船é" });
      expect(await said()).toBe(lost('"船"'));
      await enter(page, { prompt: "L'été" });
      expect(await isSeen(page, "prompt-error")).toBe(false);
      await enter(page, { prompt: "ABCDEFG" });
      expect(await said()).toBe(lost('"A", "B", "C", "D", "E" and 2 more'));
      await press(page, "reset-training");
      await button(page, "run");
      expect(await said()).toBe("");
      // With more characters than it has symbols, the rarest share one.
      const many = Array.from({ length: 70 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join("");
      await enter(page, { text: many.repeat(8), prompt: "船" });
      await press(page, "run");
      await until(page, "status", /^Paused after 2 steps/);
      expect(await said()).toBe('The prompt has "船", which the network does not know; it reads \uFFFD instead.');
    }));

  test("saves what a network was trained on, and goes on with a file by that", () =>
    onPage(`data=sequences&${small}`, async (page) => {
      await button(page, "run");
      const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 2 ? "up" : "down"},${i % 2},${i / 40}`);
      const csv = [",label,t1,t2", ...rows].join("\n");
      await bring(page, "file", "pandas.csv", csv);
      await until(page, "own-name", /^pandas\.csv, /);
      await press(page, "run");
      await until(page, "status", /^Paused after 2 steps/);
      expect(await textOf(page, "description")).toContain("the column without a name left out, which numbers the rows");
      const { name, bytes } = await downloaded(page, "save");
      const { about } = await readCheckpoint(new Uint8Array(bytes));
      const { trainedOn } = about as { trainedOn: object };
      expect(trainedOn).toMatchObject({ answer: "class", symbols: [], classes: ["down", "up"], columns: ["t1", "t2"] });

      // Other classes in the file than the data has: as if it were of another training.
      const spoiled = Buffer.from(
        bytes.toString("latin1").replace('\\"down\\",\\"up\\"', '\\"down\\",\\"xy\\"'),
        "latin1",
      );
      expect(spoiled.equals(bytes)).toBe(false);
      await enter(page, { pauseAt: "" });
      await press(page, "run");
      await untilStep(page, 3);
      await bring(page, "open", name, spoiled);
      await until(
        page,
        "failure",
        /^pandas\.csv: has the class "up", expected the classes "down", "xy", as the network/,
      );
      await until(page, "status", /^Training\.$/); // what was trained before goes on
      await untilStep(page, 1 + (await numberOf(page, "step")));
      expect(await isSeen(page, "failure")).toBe(true);
      await bring(page, "open", name, bytes);
      await until(page, "description", /standardised as in training, by mean/);
      await until(page, "status", /^Paused after 2 steps/);
      expect(await isSeen(page, "failure")).toBe(false);
    }));
});
