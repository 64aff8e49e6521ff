// Makes up melodies, having learned of tunes that everyone knows: a note with its duration is a token, and each tune is there in all
// twelve keys, the first token says which, so that what is learned is not of one key. What a melody in F may have it has to find out.

import { adam, embedding, everyStep, fit, generate, gru, Network, openGpu } from "tempograd";

/** Written in C, as ABC has it: c is an octave above C and C, below; 2 is twice as long, / half. */
const tunes = {
  "Ode to Joy": `E E F G G F E D C C D E E3/2 D/ D2 E E F G G F E D C C D E D3/2 C/ C2 D D E C D E/ F/ E C D E/ F/ E D C D G,2
    E E F G G F E D C C D E D3/2 C/ C2`,
  "Frère Jacques": "C D E C C D E C E F G2 E F G2 G/ A/ G/ F/ E C G/ A/ G/ F/ E C C G, C2 C G, C2",
  "Twinkle, Twinkle": "C C G G A A G2 F F E E D D C2 G G F F E E D2 G G F F E E D2 C C G G A A G2 F F E E D D C2",
  "Mary Had a Little Lamb": "E D C D E E E2 D D D2 E G G2 E D C D E E E E D D E D C4",
  "London Bridge": "G3/2 A/ G F E F G2 D E F2 E F G2 G3/2 A/ G F E F G2 D2 G2 E C3",
  "Row, Row, Row Your Boat": "C3 C3 C2 D E3 E2 D E2 F G4 c c c G G G E E E C C C G2 F E2 D C4",
  "Au clair de la lune": `C C C D E2 D2 C E D D C4 C C C D E2 D2 C E D D C4 D D D D A,2 A,2 D C B, A, G,4
    C C C D E2 D2 C E D D C4`,
  "Jingle Bells": `E E E2 E E E2 E G C3/2 D/ E4 F F F3/2 F/ F E E E/ E/ E D D E D2 G2 E E E2 E E E2 E G C3/2 D/ E4
    F F F3/2 F/ F E E E/ E/ G G F D C4`,
  "Hänschen klein": `G E E2 F D D2 C D E F G G G2 G E E2 F D D2 C E G G C4 D D D D D E F2 E E E E E F G2
    G E E2 F D D2 C E G G C4`,
  "Alle meine Entchen": "C D E F G2 G2 A A A A G4 A A A A G4 F F F F E2 E2 D D D D C4",
  "When the Saints Go Marching In": "C E F G4 C E F G4 C E F G2 E2 C2 E2 D4 E E D C3 C E2 G2 G F4 E F G2 E2 C2 D2 C4",
  "Old MacDonald": "c c c G A A G2 e e d d c3 G c c c G A A G2 e e d d c4",
  "Oh! Susanna": `C/ D/ E G G3/2 A/ G E C3/2 D/ E E D C D3 C/ D/ E G G3/2 A/ G E C3/2 D/ E E D D C3 F2 F2 A A2 A G G E C D3
    C/ D/ E G G3/2 A/ G E C3/2 D/ E E D D C4`,
  "Yankee Doodle": `C C D E C E D G, C C D E C2 B,2 C C D E F E D C B, G, A, B, C2 C2 A,3/2 B,/ A, G, A, B, C2
    G,3/2 A,/ G, F, E,2 G,2 A,3/2 B,/ A, G, A, B, C A, G, C B, D C2 C2`,
  "Good King Wenceslas": `C C C D C C G,2 A, G, A, B, C2 C2 C C C D C C G,2 A, G, A, B, C2 C2 G F E D E D C2 A, G, A, B, C2 C2
    G, G, A, B, C C D2 G F E D C2 F2 C4`,
  "Go Tell Aunt Rhody": "E2 E D C2 C2 D2 D2 F E D C G2 G F E2 E2 D C D E C4",
  "Hot Cross Buns": "E2 D2 C4 E2 D2 C4 C C C C D D D D E2 D2 C4",
  "Sur le pont d'Avignon": "C C C2 D D D2 E F G C B, C D G, C C C2 D D D2 E F G C D B, C4",
  "Kuckuck, Kuckuck": "G E2 G E2 D C D C3 D D E F2 D E E F G2 E G E2 G E2 F E D C3",
  "Joy to the World": `c2 B3/2 A/ G3 F E2 D2 C3 G A3 A B3 B c3 c c B A G G3/2 F/ E c c B A G G3/2 F/ E E E E E E/ F/ G3
    F/ E/ D D D D/ E/ F3 E/ D/ C c2 A G3/2 F/ E F E2 D2 C4`,
  "Silent Night": `G3/2 A/ G E3 G3/2 A/ G E3 d2 d B3 c2 c G3 A2 A c3/2 B/ A G3/2 A/ G E3 A2 A c3/2 B/ A G3/2 A/ G E3
    d2 d f3/2 d/ B c3 e3 c G E G3/2 F/ D C4`,
  "Auld Lang Syne": `G, C3/2 C/ C E D3/2 C/ D E C3/2 C/ E G A3 A G3/2 E/ E C D3/2 C/ D E C3/2 A,/ A, G, C3
    A G3/2 E/ E C D3/2 C/ D A G3/2 E/ E G A3 A G3/2 E/ E C D3/2 C/ D E C3/2 A,/ A, G, C3`,
  Clementine: "C/ C/ C G, E/ E/ E C C/ E/ G G F/ E/ D2 D/ E/ F F E/ D/ E C C/ E/ D G, B,/ D/ C2",
};
/** Not learned of, for there to be tunes that it does not know. */
const heldOut = ["Mary Had a Little Lamb", "Au clair de la lune", "Oh! Susanna", "Kuckuck, Kuckuck", "Clementine"];

const scale = [0, 2, 4, 5, 7, 9, 11];
const keys = ["C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** A note of a tune in C, as semitones above it and beats: "G,3/2" is −5 and 1.5. */
function noteOf(abc: string) {
  const [, letter = "C", low, times = "", half] = /^([A-Ga-g])(,?)(\d?)(?:(\/)2?)?$/.exec(abc) ?? [];
  const step = "CDEFGAB".indexOf(letter.toUpperCase());
  const octave = (letter > "Z" ? 1 : 0) - (low ? 1 : 0);
  return { pitch: scale[step]! + 12 * octave, beats: Number(times || 1) / (half ? 2 : 1) };
}
const melodies = Object.entries(tunes).map(([name, abc]) => ({ name, notes: abc.split(/\s+/).map(noteOf) }));

/** Tokens are what there is of notes in all keys, then the end, then the keys. A key is as near to C as it can be. */
const shiftOf = (key: number) => (key > 6 ? key - 12 : key);
const nameOf = (pitch: number, beats: number) => `${pitch} ${beats}`;
const notes = melodies.flatMap((melody) => melody.notes);
const names = [
  ...new Set(keys.flatMap((_, key) => notes.map(({ pitch, beats }) => nameOf(pitch + shiftOf(key), beats)))),
];
const [numbers, end] = [new Map(names.map((name, i) => [name, i])), names.length];
const promptOf = (key: number) => [end + 1 + key];
const inKeys = (chosen: typeof melodies) =>
  chosen.flatMap((melody) =>
    keys.map((_, key) => {
      const tokens = melody.notes.map(({ pitch, beats }) => numbers.get(nameOf(pitch + shiftOf(key), beats))!);
      return { prompt: promptOf(key), target: Int32Array.of(...tokens, end) };
    }),
  );
const known = melodies.filter(({ name }) => !heldOut.includes(name));
const unknown = melodies.filter(({ name }) => heldOut.includes(name));

const gpu = await openGpu();
const network = await Network.create(gpu, {
  input: embedding(end + 1 + keys.length, 32),
  layers: [gru(64, { dropout: 0.3 })],
  readout: everyStep(end + 1),
});
const { best } = await fit(network, inKeys(known), {
  ...{ epochs: 30, patience: 4, restoreBest: true, validation: inKeys(unknown), batch: 24 },
  ...{ optimizer: adam({ learningRate: 0.01 }), clipNorm: 1 },
  onProgress({ update, loss, entry }) {
    const { validation } = entry ?? {};
    if (validation) {
      console.log(`update ${update}: ${loss.toFixed(2)} nats a note, of unknown tunes ${validation.loss.toFixed(2)}`);
    }
  },
});

/**
 * Of unknown tunes, by how often notes, and notes behind another, are in the known ones. It knows which key it is, and mixes both in
 * the way that measures best of the unknown ones, as the network is stopped where it does.
 */
function byCounts(withPairs: boolean): number {
  const texts = (of: typeof melodies) =>
    of.map((melody) => melody.notes.map((n) => nameOf(n.pitch, n.beats)).concat("end"));
  const counts = new Map<string, number>();
  const add = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const text of texts(known)) {
    for (const [i, note] of text.entries())
      for (const what of ["", note, `${text[i - 1]}:`, `${text[i - 1]}:${note}`]) add(what);
  }
  const count = (what: string) => counts.get(what) ?? 0;
  const kinds = new Set(texts(melodies).flat()).size;
  const lossOf = (pairs: number) => {
    const losses = texts(unknown).flatMap((text) =>
      text.map((note, i) => {
        const alone = (count(note) + 1) / (count("") + kinds);
        const behind = count(`${text[i - 1]}:${note}`) / Math.max(1, count(`${text[i - 1]}:`));
        return -Math.log(pairs * behind + (1 - pairs) * alone);
      }),
    );
    return losses.reduce((sum, loss) => sum + loss) / losses.length;
  };
  return withPairs ? Math.min(...[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map(lossOf)) : lossOf(0);
}
export const loss = best!.validation!.loss;
export const [unigram, bigram] = [byCounts(false), byCounts(true)];
console.log(`${loss.toFixed(2)} nats a note; by notes alone ${unigram.toFixed(2)}, by pairs ${bigram.toFixed(2)}`);

/** Of what it makes up in each key, the share that is in its scale. */
export let inScale = 0;
for (const [key, name] of keys.entries()) {
  const tokens = await generate(network, { prompt: promptOf(key), length: 32, temperature: 0.7, seed: 3 + key });
  const melody = [...tokens]
    .slice(0, tokens.includes(end) ? tokens.indexOf(end) : 32)
    .map((token) => names[token]!.split(" ").map(Number));
  const above = melody.map(([pitch]) => (pitch! - shiftOf(key) + 24) % 12);
  inScale += above.filter((semitones) => scale.includes(semitones)).length / (melody.length * keys.length);
  if (!["C", "F", "G"].includes(name)) continue;
  console.log(
    `in ${name}: ${melody.map(([pitch, beats]) => `${keys[(pitch! + 24) % 12]}${beats === 1 ? "" : beats}`).join(" ")}`,
  );
}
console.log(`${(100 * inScale).toFixed(1)}% of the notes are in the scale of their key, by chance 58%`);
gpu.destroy();
