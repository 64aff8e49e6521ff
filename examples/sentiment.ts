// Whether a short text praises: words as tokens, embedded, read by a GRU. Each text has a twin of the same words that says the
// opposite ("the film was good, not bad", "the film was bad, not good"), so what words there are tells nothing: their order does.

import { adam, embedding, fit, gru, lastStep, Network, openGpu, splitItems, Vocabulary } from "tempograd";

const subjects = ["film", "food", "book", "room", "music", "service"];
const praise = ["good", "great", "lovely", "clever"];
const blame = ["bad", "awful", "boring", "poor"];
const forms: ((subject: string, is: string, isNot: string) => string)[] = [
  (subject, is, isNot) => `the ${subject} was ${is}, not ${isNot}`,
  (subject, is, isNot) => `the ${subject} was not ${isNot}, it was ${is}`,
  (subject, is, isNot) => `i never found the ${subject} ${isNot}, i always found it ${is}`,
  (subject, is, isNot) => `they said the ${subject} is ${isNot}. no! it is ${is}`,
  (subject, is, isNot) => `far from ${isNot}, this ${subject} is ${is}`,
];

const texts = forms.flatMap((form) =>
  subjects.flatMap((subject) =>
    praise.flatMap((good) =>
      blame.flatMap((bad) => [
        { text: form(subject, bad, good), label: 0 },
        { text: form(subject, good, bad), label: 1 },
      ]),
    ),
  ),
);
const vocabulary = Vocabulary.fromText(texts.map(({ text }) => text).join("\n"), { kind: "words" });
const items = texts.map(({ text, label }) => ({ text, label, tokens: vocabulary.encode(text) }));
const { training, heldOut } = splitItems(items, 0.7, 1);

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: embedding(vocabulary.size, 12), layers: [gru(16)], readout: lastStep(2) },
});
const { history } = await fit(network, training, {
  ...{ epochs: 5, validation: heldOut, optimizer: adam({ learningRate: 0.02 }) },
  onProgress({ update, entry }) {
    if (entry?.validation) console.log(`update ${update}: held out ${entry.validation.loss.toFixed(3)} nats`);
  },
});
export const share = history.at(-1)?.validation?.accuracy;

/** How often one can be right who knows which words a text has, and of all texts with those the answer. */
const counts = new Map<string, [blames: number, praises: number]>();
for (const { text, label } of texts) {
  const words = (text.match(/\w+/g) ?? []).sort().join(" ");
  const count = counts.get(words) ?? [0, 0];
  count[label]!++;
  counts.set(words, count);
}
export const byWords = [...counts.values()].reduce((sum, count) => sum + Math.max(...count), 0) / texts.length;

const asked = heldOut.slice(0, 6);
for (const [i, { probabilities }] of (await network.predict(asked.map((item) => item.tokens))).entries()) {
  console.log(`${asked[i]!.text}: praise by ${(100 * probabilities[1]!).toFixed(0)}%`);
}
console.log(
  `right of ${(100 * share!).toFixed(1)}% of ${heldOut.length} texts that it has not read; ${100 * byWords}% by their words`,
);
gpu.destroy();
