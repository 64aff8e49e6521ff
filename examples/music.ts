// Writes melodies: a GRU learns old tunes note by note, in seven keys, and is measured by two that it has not heard. What it writes
// stays in the key of the notes that it begins with.

import {
  adam,
  carriedWindows,
  carriedWindowsOnce,
  embedding,
  everyStep,
  fit,
  generate,
  gru,
  Network,
  openGpu,
  unigramEntropy,
  Vocabulary,
} from "tempograd";

/** All in C major: c to b from middle c, c' an octave above, c, an octave below; then how many eighths, 2 unless said. */
const tunes = {
  "Ode to Joy": `e e f g g f e d c c d e e3 d1 d4 e e f g g f e d c c d e d3 c1 c4 d d e c d e1 f1 e c d e1 f1 e d c d g,4
    e e f g g f e d c c d e d3 c1 c4`,
  "Frère Jacques": "c d e c c d e c e f g4 e f g4 g1 a1 g1 f1 e c g1 a1 g1 f1 e c c g, c4 c g, c4",
  "Au clair de la lune":
    "c c c d e4 d4 c e d d c8 c c c d e4 d4 c e d d c8 d d d d a,4 a,4 d c b, a, g,8 c c c d e4 d4 c e d d c8",
  "Mary had a little lamb": "e d c d e e e4 d d d4 e g g4 e d c d e e e e d d e d c8",
  "London Bridge": "g3 a1 g f e f g4 d e f4 e f g4 g3 a1 g f e f g4 d4 g4 e c6",
  "Row, row, row your boat": "c3 c3 c d1 e3 e d1 e f1 g6 c'1 c'1 c'1 g1 g1 g1 e1 e1 e1 c1 c1 c1 g f1 e d1 c6",
  "When the saints": "c e f g8 c e f g8 c e f g4 e4 c4 e4 d8 e e d c6 c e4 g g f8 e f g4 e4 c4 d4 c8",
  "Alle meine Entchen": "c d e f g4 g4 a a a a g8 a a a a g8 f f f f e4 e4 d d d d c8",
  "Hänschen klein": `g e e4 f d d4 c d e f g g g4 g e e4 f d d4 c e g g c8 d d d d d e f4 e e e e e f g4
    g e e4 f d d4 c e g g c8`,
  "Jingle Bells":
    "e e e4 e e e4 e g c3 d1 e8 f f f3 f1 f e e e1 e1 e d d e d4 g4 e e e4 e e e4 e g c3 d1 e8 f f f3 f1 f e e e1 e1 g g f d c8",
  "Minuet (Petzold)": `g c1 d1 e1 f1 g c c a f1 g1 a1 b1 c' c c f g1 f1 e1 d1 e f1 e1 d1 c1 b, c1 d1 e1 c1 d6
    g c1 d1 e1 f1 g c c a f1 g1 a1 b1 c' c c f g1 f1 e1 d1 e f1 e1 d1 c1 d e1 d1 c1 b,1 c6`,
};
const unheard = {
  Twinkle: "c c g g a a g4 f f e e d d c4 g g f f e e d4 g g f f e e d4 c c g g a a g4 f f e e d d c4",
  "Kuckuck, Kuckuck": "g e4 g e4 d c d c4 d d e f4 d e e f g4 e g e4 g e4 f e d c4",
};

const names = ["c", "cs", "d", "ds", "e", "f", "fs", "g", "gs", "a", "as", "b"];
const keys = [-5, -3, -2, 0, 2, 3, 5]; // semitones above c: G, A, B♭, C, D, E♭, F
const scale = [0, 2, 4, 5, 7, 9, 11];

/** A tune in a key, as words: " e4x2" is the e above middle c for two eighths; a line's end before and after. */
function inKey(tune: string, key: number): string {
  const notes = [...tune.matchAll(/([a-g])([',]?)(\d*)/g)].map(([, name, octave, eighths]) => {
    const note = 48 + names.indexOf(name!) + (octave === "'" ? 12 : octave === "," ? -12 : 0) + key;
    return ` ${names[note % 12]}${Math.floor(note / 12)}x${eighths || 2}`;
  });
  return `\n${notes.join("")}\n`;
}
const inAllKeys = (all: Record<string, string>) =>
  Object.values(all).flatMap((tune) => keys.map((key) => inKey(tune, key)));

const texts = [inAllKeys(tunes), inAllKeys(unheard)];
const vocabulary = Vocabulary.fromText(texts.flat().join(""), { kind: "words" });
const [training, heldOut] = texts.map((all) => all.map((text) => vocabulary.encode(text))) as [
  Int32Array[],
  Int32Array[],
];

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: embedding(vocabulary.size, 24), layers: [gru(48)], readout: everyStep(vocabulary.size) },
});
const size = { steps: 24, batch: 16 };
// It stops where unheard tunes get no better, before it knows the others by heart.
const { best } = await fit(network, carriedWindows(training, { ...size, seed: 1 }), {
  ...{ ...size, carryState: true, optimizer: adam({ learningRate: 0.01 }), clipNorm: 1 },
  ...{ evaluateEvery: 25, validation: () => carriedWindowsOnce(heldOut, size), patience: 1, restoreBest: true },
  onProgress({ update, entry }) {
    if (!entry?.validation) return;
    console.log(`update ${update}: ${entry.loss.toFixed(3)} nats a note, unheard ${entry.validation.loss.toFixed(3)}`);
  },
});
export const nats = best!.validation!.loss;
/** Of one who knows how often each note comes in those tunes, and not what came before it. */
export const unigram = unigramEntropy(Int32Array.from(heldOut.flatMap((tune) => [...tune.slice(1)])), vocabulary.size);

// From the first notes of an unheard tune on, in two keys.
let [inScale, written] = [0, 0];
for (const key of [0, 2]) {
  const prompt = vocabulary.encode(inKey(unheard.Twinkle, key)).slice(0, 8);
  const melody = vocabulary.decode(await generate(network, { prompt, length: 40, temperature: 0.7, seed: 2 }));
  console.log(`${vocabulary.decode(prompt).trim()} …${melody.split("\n")[0]}`);
  for (const [, name] of melody.split("\n")[0]!.matchAll(/([a-g]s?)\d/g)) {
    written++;
    if (scale.includes((names.indexOf(name!) - key + 12) % 12)) inScale++;
  }
}
export const share = inScale / written;
console.log(`unheard tunes: ${nats.toFixed(2)} nats a note, by how often notes come ${unigram.toFixed(2)}`);
console.log(`${(100 * share).toFixed(0)}% of ${written} notes that it wrote are in the key`);
gpu.destroy();
