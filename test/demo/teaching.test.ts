// demo/TEACHING.md: its links open the pages in the state that they name, and the pages say there what it quotes of them.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cutWork, lossOf } from "../../demo/gradients/cuts";
import { elmanDescent, lstmDescent } from "../../demo/gradients/descent";
import { referenceEngine } from "../../demo/gradients/engine";
import { everyStepWork, lastStepWork } from "../../demo/gradients/networks";
import * as gradients from "../../demo/gradients/settings";
import { cutText, fateOf, fateText } from "../../demo/gradients/words";
import * as train from "../../demo/tasks/address";
import * as walkthrough from "../../demo/walkthrough/address";
import { exampleOf } from "../../demo/walkthrough/example";
import { stagesOf } from "../../demo/walkthrough/stages";

const demo = join(import.meta.dirname, "../../demo");
const teaching = readFileSync(join(demo, "TEACHING.md"), "utf8");
const links = [...new Set([...teaching.matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link!))];
const quoted = teaching.split("\n").filter((line) => line.startsWith("- “"));
const quotes = quoted.map((line) => /^- “(.+)” — \[[^\]]+\]\(([^)]+)\)$/.exec(line)?.slice(1) ?? [line, ""]);
const sections = teaching.split(/^## /m).filter((section) => /^\d/.test(section));

const [pageOf, stateOf] = [0, 1].map((part) => (link: string) => link.split("#")[part] ?? "") as [
  (link: string) => string,
  (link: string) => string,
];
const htmlOf = (link: string) => readFileSync(join(demo, pageOf(link), "index.html"), "utf8");
/** The text of a page before anything is computed. */
const textOf = (link: string) =>
  htmlOf(link)
    .replace(/<[^>]*>/g, "")
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ");

/** What a page makes of an address, as an address again: what it did not understand is missing. */
const readAgain: Readonly<Record<string, (state: string) => { address: string; ignored: string[] }>> = {
  "gradients/": (state) => {
    const { settings, ignored } = gradients.fromAddress(state);
    return { address: gradients.toAddress(settings), ignored };
  },
  "walkthrough/": (state) => ({
    address: walkthrough.toAddress(walkthrough.fromAddress(state)).slice(1),
    ignored: [],
  }),
  "train/": (state) => {
    const { settings, ignored } = train.fromAddress(state);
    return { address: train.toAddress(settings), ignored };
  },
};

test("there are five questions, each with words of a page and the picture that they belong to", () => {
  expect(sections.map((section) => section[0])).toEqual(["1", "2", "3", "4", "5"]);
  for (const section of sections) {
    expect(section).toMatch(/^- “/m);
    expect(section).toMatch(/^Picture: /m);
  }
});

describe("a link", () => {
  test.each(links)("%s opens a page in exactly the state that it names", (link) => {
    const [page, state] = [pageOf(link), stateOf(link)];
    expect(existsSync(join(demo, page, "index.html"))).toBe(true);
    const isPlace = state !== "" && !state.includes("=");
    if (isPlace) expect(htmlOf(link)).toContain(`id="${state}"`);
    else expect(readAgain[page]!(state)).toEqual({ address: state, ignored: [] });
    if (page === "walkthrough/" && !isPlace) {
      expect(Number(walkthrough.fromAddress(state).stage)).toBeLessThanOrEqual(stagesIn(state).length);
    }
  });
});

function stagesIn(state: string) {
  const { sentence, answer, cell, hidden, seed } = walkthrough.fromAddress(state);
  const words = sentence.split(" ");
  const size = { hidden: Number(hidden), seed: Number(seed), cell };
  return stagesOf(exampleOf([{ words, target: words.indexOf(answer) }], size));
}

async function gradientsIn(state: string) {
  const settings = gradients.fromAddress(state).settings;
  const [ofElman, ofLstm] = [lastStepWork("elman", settings), lastStepWork("lstm", settings)];
  const elman = elmanDescent(await referenceEngine.trace(ofElman), ofElman);
  const lstm = lstmDescent(await referenceEngine.trace(ofLstm), ofLstm);
  const work = everyStepWork(settings);
  const every = Math.min(settings.every, settings.steps);
  const whole = await referenceEngine.trace(work);
  const cut = await referenceEngine.trace(cutWork(work, every, whole.hidden));
  return { elman, lstm, said: cutText(lossOf(whole, cut, every, settings.steps), every) };
}

/** What a page says in a state beside what it always says. */
const saidIn: Readonly<Record<string, (state: string) => Promise<string> | string>> = {
  "walkthrough/": (state) => stagesIn(state)[Number(walkthrough.fromAddress(state).stage) - 1]!.text,
  "gradients/": async (state) => {
    const { elman, lstm, said } = await gradientsIn(state);
    return [fateText(elman), fateText(lstm), said].join(" ");
  },
};

describe("the page says", () => {
  test.each(quotes)("“%s”, at %s", async (quote, link) => {
    const always = textOf(link);
    if (stateOf(link).includes("=") && !always.includes(quote)) {
      expect(await saidIn[pageOf(link)]!(stateOf(link))).toContain(quote);
    } else expect(always).toContain(quote);
  });

  test("what stands in quotation marks of a button or a heading", () => {
    const [time, walk, shrink] = ["train/", "walkthrough/", "gradients/"].map(textOf);
    expect(time).toContain("Train an Elman and an LSTM beside each other");
    expect(time).toContain("the gradient that reaches it, ‖dL/dhₜ‖");
    expect(shrink).toContain("The same with an LSTM");
    expect(shrink).toContain("Train both");
    for (const name of [
      "Larger type",
      "Full screen",
      "Print all stages",
      "Next stage",
      "Play",
      "Rounds for the worse",
    ]) {
      expect(walk).toContain(name);
      expect(teaching).toContain(`“${name}”`);
    }
  });
});

test("gradients fare as it says of each link", async () => {
  const fates = {
    "size=0.595": ["vanishes", "keeps"],
    "size=0.595&forget=-4": ["vanishes", "vanishes"],
    "size=1&input=0.01": ["keeps"],
    "size=2&input=0": ["explodes"],
    "size=1.68&input=10": ["vanishes"],
  };
  for (const [state, [ofElman, ofLstm]] of Object.entries(fates)) {
    expect(teaching).toContain(`(gradients/#${state})`);
    const { elman, lstm } = await gradientsIn(state);
    expect(fateOf(elman)).toBe(ofElman);
    if (ofLstm) expect(fateOf(lstm)).toBe(ofLstm);
  }
});

test("the walkthroughs have as many stages as it says, and turn back where it says", () => {
  expect(teaching).toContain(
    `has ${stagesIn("").length} stages, [an LSTM](walkthrough/#cell=lstm) ${stagesIn("cell=lstm").length}.`,
  );
  expect(stagesIn("").findIndex(({ phase }) => phase === "backward")).toBe(7 - 1);
});
