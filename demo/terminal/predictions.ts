// What there is to say of a network's answers, by what it was trained to do: lines for people, and the same as data.

import { forecast, type Network, type Prediction, type SequenceInputs } from "../../src/index";
import { standardised } from "../data/classification";
import { readToTell, type ToTell } from "../data/labelled-file";
import { listed, refusal, shown } from "../data/refusal";
import { columnNamed, readSeriesFile } from "../data/series-file";
import { answers, nounOf, type TrainedOn, vocabularyOf } from "../data/trained-on";
import { datesProblem } from "../tasks/dates-problem";
import { decode } from "../tasks/decode";
import { seriesOf } from "../tasks/forecast-problem";
import type { OwnData } from "../tasks/own-data";
import { initialOf } from "../tasks/settings";
import { OptionError } from "./arguments";

interface Asked {
  own: OwnData;
  /** Whether that is a text from the command line. */
  isText: boolean;
  trainedOn: TrainedOn;
  label: string | undefined;
  read: string | undefined;
  time: string | undefined;
  /** Unless said, 3. */
  top: number | undefined;
}

/** @throws where an option is given that such an answer has no use for. */
function expectNone(given: Partial<Asked>, why: string): void {
  const option = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (option) throw new OptionError(`--${option} is given, expected none: ${why}; leave it out`);
}

/** A line for people, and the same as data. */
interface Said {
  line: string;
  said: unknown;
}

/** Reads what is asked; then answers it by a network. @throws where it is not what such a network reads. */
type Answer = (asked: Asked) => Promise<(network: Network) => AsyncIterable<Said>>;

export const predictions: Partial<Record<TrainedOn["answer"], Answer>> = {
  class: ofClasses,
  forecast: ofSeries,
  character: ofText,
  date: ofDates,
};

/** How many classes or characters are named. */
const usualTop = 3;

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

/** ŷ of each step. @throws where a file's network tells no classes. */
function probabilitiesOf({ probabilities }: Prediction, classes: number): Float32Array[] {
  if (!probabilities)
    throw new OptionError("--load names a network whose loss is not of classes, expected one that is");
  return Array.from({ length: probabilities.length / classes }, (_, step) =>
    probabilities.subarray(step * classes, (step + 1) * classes),
  );
}

/** The likeliest, and how likely. */
function likeliest(names: readonly string[], probabilities: ArrayLike<number>, top: number): [string, number][] {
  const all = names.map((name, i) => [name, probabilities[i]!] as [string, number]);
  return all.sort(([, a], [, b]) => b - a).slice(0, top);
}

async function ofClasses({ own, isText, trainedOn, label, read, time, top = usualTop }: Asked): ReturnType<Answer> {
  expectNone({ time }, `the network ${answers.class}`);
  const { name, text } = own;
  const { classes, scale } = trainedOn;
  if (isText) expectNone({ label, read }, "--text has no columns");
  const items: ToTell[] = isText
    ? [{ where: name, label: undefined, sequence: { text } }]
    : await readToTell(name, text, { classes, label, read });
  const unknown = items.flatMap(({ label }) => (label === undefined || classes.includes(label) ? [] : [label]));
  if (unknown.length > 0) {
    const expected = `the classes ${listed(classes)} or none, as the network was trained on`;
    throw refusal(
      name,
      `has the class ${listed([...new Set(unknown)])}`,
      expected,
      "take the column out, or name another",
    );
  }
  const inputs = scale?.mean.length ?? 1;
  const sequences = items.map(({ where, sequence }): SequenceInputs => {
    if ("text" in sequence && !scale) {
      if (sequence.text === "") throw refusal(where, "is empty", "a text of a character or more", "give one");
      return vocabularyOf(where, sequence.text, trainedOn).encode(sequence.text);
    }
    if ("features" in sequence && scale && sequence.features.length % inputs === 0) {
      return standardised(sequence.features, scale);
    }
    const expected = scale ? `series of ${inputs} values a step` : "a text";
    const got = "text" in sequence ? "is a text" : "is a series of other numbers";
    throw refusal(where, got, `${expected}, as the network was trained on`, "give such");
  });
  return async function* (network) {
    const all = await network.predict(sequences);
    let right = 0;
    for (const [i, { where, label }] of items.entries()) {
      const [probabilities = []] = probabilitiesOf(all[i]!, classes.length);
      const best = likeliest(classes, probabilities, top);
      const is = label === undefined ? "" : `; it is ${label}`;
      if (label === best[0]![0]) right++;
      const said = Object.fromEntries(classes.map((name, k) => [name, probabilities[k]]));
      const line = `${where}: ${best.map(([name, share]) => `${name} ${percent(share)}`).join(", ")}${is}`;
      yield { line, said: { where, class: best[0]![0], probabilities: said, ...(label !== undefined && { label }) } };
    }
    const told = items.filter(({ label }) => label !== undefined).length;
    if (told > 0) yield { line: `${right} of ${told} right, ${percent(right / told)}`, said: { right, of: told } };
  };
}

async function ofSeries({ own, isText, trainedOn, label, read, time, top }: Asked): ReturnType<Answer> {
  expectNone({ label, read, top }, `the network ${answers.forecast}`);
  if (isText) throw new OptionError("--text is given, expected --data: the network forecasts a series");
  const shape = trainedOn.windows!;
  const file = await readSeriesFile(own.name, own.text, { time });
  // The file may spell names in another case.
  for (const name of [...shape.targets, ...(shape.features ?? []), ...(shape.known ?? [])]) columnNamed(file, name);
  const { series, said } = seriesOf(file, shape);
  return async function* (network) {
    if (said.length > 0) yield { line: `${own.name}: ${said.join(", ")}`, said: { file: own.name, said } };
    const found = await forecast(network, series, shape);
    for (const target of shape.targets) {
      const [low, middle, high] = found[target]!;
      for (const [i, median] of middle!.entries()) {
        const [from, to] = [low![i]!, high![i]!];
        const figures = [median, from, to].map((value) => value.toPrecision(5));
        const line = `${target}, step +${i + 1}: ${figures[0]}, 80% from ${figures[1]} to ${figures[2]}`;
        yield { line, said: { column: target, step: i + 1, median, low: from, high: to } };
      }
    }
  };
}

/** Longer texts have no room beside the states of each of their steps. */
const mostCharacters = 20_000;

async function ofText({ own, trainedOn, label, read, time, top = usualTop }: Asked): ReturnType<Answer> {
  expectNone({ label, read, time }, `the network ${answers.character}`);
  const { name, text } = own;
  if (text === "") throw refusal(name, "is empty", "a text of a character or more", "give one");
  const vocabulary = vocabularyOf(name, text, trainedOn);
  const { symbols, size, kind } = vocabulary;
  const tokens = vocabulary.encode(text);
  const steps = tokens.length;
  if (steps > mostCharacters) {
    throw refusal(name, `has ${steps} ${kind}`, `${mostCharacters} at most`, "take its last part");
  }
  return async function* (network) {
    const rows = probabilitiesOf(await network.predict(tokens), size);
    if (steps > 1) {
      const surprise = tokens.subarray(1).reduce((sum, token, step) => sum - Math.log(rows[step]![token]!), 0);
      const nats = surprise / (steps - 1);
      yield {
        line: `the text itself: ${nats.toFixed(3)} nats a ${nounOf(kind)}, each by those before it`,
        said: { nats },
      };
    }
    const next = likeliest(symbols, rows.at(-1)!, top);
    const line = `next: ${next.map(([symbol, share]) => `${shown(symbol)} ${percent(share)}`).join(", ")}`;
    yield { line, said: { next: Object.fromEntries(symbols.map((symbol, i) => [symbol, rows.at(-1)![i]])) } };
  };
}

async function ofDates({ own, trainedOn, label, top }: Asked): ReturnType<Answer> {
  expectNone({ label, top }, `the network ${answers.date}`);
  const { asking, translation } = datesProblem(initialOf("dates"), { trained: trainedOn });
  const lines = own.text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0) throw refusal(own.name, "is empty", "a date a line", "give one");
  const questions = lines.map((line, i) => {
    try {
      return { line: line.trim(), ...asking.read(line) };
    } catch (error) {
      throw new Error(`${own.name}, line ${i + 1}: ${(error as Error).message}`);
    }
  });
  return async function* (network) {
    const sources = questions.map(({ inputs }) => inputs as Int32Array);
    const predictions = await decode(network, sources, translation!);
    for (const [i, { line, answer }] of questions.entries()) {
      const told = answer(predictions[i]!);
      if (told.kind !== "written") continue;
      const [date, share] = [told.symbols.join(""), told.shares.reduce((product, one) => product * one, 1)];
      yield { line: `${line}: ${date} ${percent(share)}`, said: { text: line, date, probabilities: told.shares } };
    }
  };
}
