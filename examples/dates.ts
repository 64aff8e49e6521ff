// Translates dates, however they are written, into ISO 8601: "30 November 2026", "Nov 30, 2026" and "30.11.26" are 2026-11-30. An
// encoder–decoder learns it letter by letter, of pairs alone, and is asked days that it has never seen in any form. All of these
// end with the year, with which its answer begins: what is read last is said first (Sutskever, Vinyals and Le 2014).

import {
  adam,
  cosine,
  embedding,
  everyStep,
  fit,
  generate,
  lstm,
  Network,
  openGpu,
  splitItems,
  Vocabulary,
} from "tempograd";

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

const months = "January February March April May June July August September October November December".split(" ");
const two = (value: number) => String(value).padStart(2, "0");
const forms: ((day: number, month: number, year: number) => string)[] = [
  (day, month, year) => `${day} ${months[month]} ${year}`,
  (day, month, year) => `${months[month]!.slice(0, 3)} ${day}, ${year}`,
  (day, month, year) => `${two(day)}.${two(month + 1)}.${two(year % 100)}`,
];
const written = (date: Date) =>
  forms.map((form) => ({
    text: form(date.getUTCDate(), date.getUTCMonth(), date.getUTCFullYear()),
    iso: date.toISOString().slice(0, 10),
  }));

const days = Array.from({ length: 50 * 365 }, (_, day) => new Date(Date.UTC(2000, 0, 1 + day)));
const { training, heldOut } = splitItems(days, 0.1, 1); // whole days, so that none of theirs is learned in another form

const letters = Vocabulary.fromText(days.flatMap(written).map(({ text }) => text).join("")); // biome-ignore format: a line
const digits = Vocabulary.fromText("0123456789-");
const prompt = [digits.size]; // the start symbol: no digit yet

const gpu = await openGpu();
const network = await Network.create(gpu, {
  encoder: { input: embedding(letters.size, 16), layers: [lstm(64, { forgetBias: 1 })] },
  input: embedding(digits.size + 1, 16),
  layers: [lstm(64, { forgetBias: 1 })],
  readout: everyStep(digits.size),
});
const pairs = training.map((date) => {
  const { text, iso } = written(date)[Math.floor(forms.length * uniform())]!;
  return { source: letters.encode(text), prompt, target: digits.encode(iso) };
});
const updates = 1200;
await fit(network, pairs, {
  ...{
    updates,
    optimizer: adam({ learningRate: 0.01 }),
    clipNorm: 1,
    learningRateSchedule: cosine({ steps: updates }),
  },
  onProgress({ update, loss }) {
    if (update % 100 === 0) console.log(`update ${update}: ${loss.toFixed(4)} nats a letter`);
  },
});

const asked = heldOut.slice(0, 200).flatMap(written);
const source = asked.map(({ text }) => letters.encode(text));
const said = (await generate(network, { source, prompt, length: 10, topK: 1 })).map((answer) => digits.decode(answer));
export const share = said.filter((iso, i) => iso === asked[i]!.iso).length / asked.length;
for (const [i, { text }] of asked.slice(0, 8).entries()) console.log(`${text} → ${said[i]}`);
console.log(`${(100 * share).toFixed(1)}% of dates of days that it has never seen come out exactly`);
gpu.destroy();
