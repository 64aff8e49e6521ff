// What a visitor brings to the training page: read as what it is, and read again as its network was trained.

import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { readCheckpoint } from "../../src/index";
import { visit } from "../visit";
import { bring, button, downloaded, enter, isSeen, press, textOf, until } from "./page";

const onPage = (address: string, work: (page: Page) => Promise<void>) => visit(`train/#${address}`, work);

/** Drops a file on the page. */
const drop = (page: Page, name: string, content: Uint8Array) =>
  page.evaluate(
    (name, bytes) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([Uint8Array.from(bytes)], name));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    name,
    [...content],
  );

const small = "cell=elman&hidden=8&batch=4&steps=8&pauseAt=2";
const text = "L'été, le café était prêt ; la mer était calme. ".repeat(10);

describe("the training page", () => {
  test("refuses a file that is no text, keeps what was brought before, and reads UTF-16", () =>
    onPage(`data=own-text&${small}`, async (page) => {
      await button(page, "run");
      await enter(page, { text });
      await bring(page, "file", "latin1.txt", Buffer.from(text, "latin1"));
      await until(page, "text-error", /^latin1\.txt: has bytes that are no UTF-8, .*save it as UTF-8\.$/);
      expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toBe(text);
      expect(await textOf(page, "own-name")).toMatch(/^your text, /);
      await bring(page, "file", "utf16.txt", Buffer.from(`\uFEFF${text}`, "utf16le"));
      await until(page, "own-name", /^utf16\.txt, 480 characters/);
      expect(await isSeen(page, "text-error")).toBe(false);
      expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toBe(text);
    }));

  test("says so where such a file is dropped while it learns from something else", () =>
    onPage(`data=adding&${small}`, async (page) => {
      await button(page, "run");
      await drop(page, "table.xlsx", Buffer.from("PK\x03\x04\x14\0table"));
      await until(page, "failure", /^table\.xlsx: is a ZIP archive/);
      expect(await page.$eval("#task", (select) => (select as HTMLSelectElement).value)).toBe("adding");
      const chosen = () => page.$eval("#task", (select) => (select as HTMLSelectElement).value);
      await page.evaluate(() => scrollTo(0, 3000));
      await drop(page, "a.txt", Buffer.from(text));
      await until(page, "brought", /^a\.txt is read as a text\. Start, and it learns from that\.$/);
      expect(await chosen()).toBe("text");
      expect(await page.$eval("#brought", (said) => said.getBoundingClientRect().top)).toBeGreaterThanOrEqual(0);
      await drop(page, "b.csv", Buffer.from("day,sales\n2024-01-01,3\n2024-01-02,5\n2024-01-03,4\n"));
      await until(page, "brought", /^b\.csv is read as a series, a row a step/);
      expect(await chosen()).toBe("forecast");
      await drop(page, "a.txt", Buffer.from(text));
      await until(page, "own-name", /^a\.txt, 480 characters/);
      expect(await chosen()).toBe("text");
      expect(await isSeen(page, "failure")).toBe(false);
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
      await press(page, "reset");
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
      await bring(page, "open", name, spoiled);
      await until(
        page,
        "failure",
        /^pandas\.csv: has the class "up", expected the classes "down", "xy", as the network/,
      );
      await bring(page, "open", name, bytes);
      await until(page, "description", /standardised as in training, by mean/);
      await until(page, "status", /^Paused after 2 steps/);
      expect(await isSeen(page, "failure")).toBe(false);
    }));
});
