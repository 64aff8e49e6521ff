// Translates dates: an encoder reads "3 March 2024", "Mar 3, 24" or "03/03/2024" letter by letter, and a decoder that begins with its
// state writes "2024-03-03" (Sutskever, Vinyals and Le 2014). Both learn in one step, and nothing leaves the GPU in between.

import {
  adam,
  type Batch,
  cosine,
  embedding,
  everyStep,
  fit,
  generate,
  gru,
  Network,
  openGpu,
  Vocabulary,
} from "tempograd";

const months = "January February March April May June July August September October November December".split(" ");
const pad = (value: number) => String(value).padStart(2, "0");
const forms: ((year: number, month: number, day: number) => string)[] = [
  (year, month, day) => `${day} ${months[month - 1]} ${year}`,
  (year, month, day) => `${months[month - 1]!.slice(0, 3)} ${day}, ${pad(year % 100)}`,
  (year, month, day) => `${pad(day)}/${pad(month)}/${year}`,
];

/** Every day of these years, in each form; a tenth of the days, in all their forms, is held out. */
const [first, last] = [2000, 2029];
const pairs = Array.from({ length: Math.round((Date.UTC(last + 1, 0) - Date.UTC(first, 0)) / 864e5) }, (_, i) => {
  const date = new Date(Date.UTC(first, 0, 1 + i));
  const said = forms.map((form) => form(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()));
  return said.map((from) => ({ from, to: date.toISOString().slice(0, 10) }));
});
const isHeldOut = (day: number) => day % 10 === 7;
const training = pairs.filter((_, day) => !isHeldOut(day)).flat();
const heldOut = pairs.filter((_, day) => isHeldOut(day)).flat();

const [sourceSteps, steps, batch] = [17, 10, 32];
/** Short ones end in spaces: "30 September 2024" is the longest. */
const padded = (text: string) => text.padEnd(sourceSteps);
const source = Vocabulary.fromText(training.map(({ from }) => padded(from)).join(""));
const target = Vocabulary.fromText(`\n${training.map(({ to }) => to).join("")}`); // the line's end is what the decoder reads first

let state = 1;
const integer = (below: number) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

/** Pairs side by side, time-major; the decoder reads at each step what it was to say at the one before. */
function* batches(): Generator<Batch> {
  while (true) {
    const rows = Array.from({ length: batch }, () => training[integer(training.length)]!);
    const columns = (vocabulary: Vocabulary, texts: string[]) => {
      const encoded = texts.map((text) => vocabulary.encode(text));
      return Int32Array.from(
        { length: encoded[0]!.length * batch },
        (_, i) => encoded[i % batch]![Math.floor(i / batch)]!,
      );
    };
    yield {
      source: columns(
        source,
        rows.map(({ from }) => padded(from)),
      ),
      inputs: columns(
        target,
        rows.map(({ to }) => `\n${to.slice(0, -1)}`),
      ),
      targets: columns(
        target,
        rows.map(({ to }) => to),
      ),
    };
  }
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  encoder: { input: embedding(source.size, 16), layers: [gru(48)] },
  ...{ input: embedding(target.size, 12), layers: [gru(48)], readout: everyStep(target.size) },
});
const updates = 800;
await fit(network, batches(), {
  ...{ steps, sourceSteps, batch, updates, clipNorm: 1 },
  ...{ optimizer: adam({ learningRate: 0.01 }), learningRateSchedule: cosine({ steps: updates }) },
  onProgress({ update, loss }) {
    if (update % 50 === 0) console.log(`update ${update}: loss ${loss.toFixed(4)}`);
  },
});

/** A date, letter after letter of its own choice. */
async function translate(from: string): Promise<string> {
  const prompt = target.encode("\n");
  return target.decode(
    await generate(network, { source: source.encode(padded(from)), prompt, length: steps, topK: 1 }),
  );
}
for (const from of ["3 March 2024", "Mar 3, 24", "03/03/2024"]) console.log(`${from}: ${await translate(from)}`);
const asked = heldOut.filter((_, i) => i % 16 === 0);
let exact = 0;
for (const { from, to } of asked) if ((await translate(from)) === to) exact++;
export const share = exact / asked.length;
console.log(`${(100 * share).toFixed(1)}% of ${asked.length} dates that it has not seen come out exactly`);
gpu.destroy();
