// Days that are written in many ways, drawn without end, each to be written as ISO 8601; a thousand of them are held out.

import { batchesOnce, paddedBatch, splitItems, type TargetSequence, Vocabulary } from "../../src/index";
import {
  allDays,
  characters,
  type Day,
  firstYear,
  isoCharacters,
  isoLength,
  isoOf,
  lastYear,
  longestDate,
  type Pick,
  trainedOnDates,
  writtenBy,
} from "../data/dates";
import { listed, refusal } from "../data/refusal";
import { splitSeed } from "../data/split";
import type { TrainedOn } from "../data/trained-on";
import { dateQuestions } from "./date-questions";
import { endless } from "./endless";
import { exactMatch } from "./exact-match";
import { type MakeProblem, whole } from "./task";

const heldOutDays = 1000;
const reads = new Vocabulary(characters);
const writes = new Vocabulary(isoCharacters);
/** What the decoder reads before there is a symbol that it wrote. */
const start = writes.size;
const prompt = [start];

const pairOf = (text: string, day: Day): TargetSequence => ({
  source: reads.encode(text),
  prompt,
  target: writes.encode(isoOf(day)),
});

/** The same draws, whatever a training's seed: of what is held out. */
function fixedPick(): Pick {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export const datesProblem: MakeProblem = ({ batch, seed }, { trained, heldOutRows } = {}) => {
  if (trained) expectSame(trained);
  const all = allDays();
  const { training, heldOut } = splitItems(all, heldOutDays / all.length, splitSeed);
  const pick = fixedPick();
  const asked = heldOut.map((day) => ({ day, text: writtenBy(pick, day) }));
  const pairs = asked.map(({ text, day }) => pairOf(text, day));
  const sizes = { steps: isoLength, sourceSteps: longestDate };
  const evaluation = { ...sizes, batch: Math.min(heldOutRows?.(longestDate) ?? batch, heldOut.length) };
  const drawn = endless("dates", (_, rows, random) => {
    const pick: Pick = (below) => random.integer(0, below - 1);
    const items = Array.from({ length: rows }, () => {
      const day = training[pick(training.length)]!;
      return pairOf(writtenBy(pick, day), day);
    });
    return paddedBatch(items, { ...sizes, batch: rows });
  });
  const read = pairs.reduce((sum, { source }) => sum + source!.length / pairs.length, 0);
  return {
    name: "Dates",
    description: `${whole(training.length)} days of ${firstYear} to ${lastYear}, written in many ways; ${whole(heldOut.length)} others held out`,
    trainedOn: trainedOnDates,
    network: {
      ...{ inputs: start + 1, outputs: writes.size, input: "tokens", readout: "every-step", loss: "cross-entropy" },
      encoder: reads.size,
    },
    translation: { prompt, length: isoLength, sourceSteps: longestDate },
    steps: isoLength,
    training: (position) => drawn.training({ steps: isoLength, batch, seed }, position),
    heldOut: () => batchesOnce(pairs, evaluation),
    evaluation,
    right: { meaning: "Right is a date of which all ten symbols are.", metric: exactMatch(evaluation, pairs.length) },
    tokensPerStep: batch * (read + isoLength),
    baseline: {
      meaning: "knowing only how often each symbol is at its place",
      loss: entropyByPlace(pairs.map(({ target }) => target)),
    },
    asking: dateQuestions(asked, pairs),
  };
};

/** @throws where a network was trained on other characters. */
function expectSame({ symbols, classes }: TrainedOn): void {
  if (symbols.join("") === characters.join("") && classes.join("") === isoCharacters.join("")) return;
  const expected = `those of the network, ${listed(symbols)} and ${listed(classes)}`;
  throw refusal("The dates", "have other characters", expected, "train a new network");
}

/** −ln of how often each symbol is at its place, its mean over all places. */
function entropyByPlace(targets: readonly Int32Array[]): number {
  let sum = 0;
  for (let place = 0; place < isoLength; place++) {
    const counts = new Float64Array(writes.size);
    for (const target of targets) counts[target[place]!]!++;
    for (const count of counts) if (count > 0) sum -= count * Math.log(count / targets.length);
  }
  return sum / (targets.length * isoLength);
}
