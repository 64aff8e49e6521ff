// Tells from which language a surname comes, letter by letter: an LSTM learns it of four fifths of a short list, and is asked the rest.

import { adam, fit, lastStep, lstm, Network, openGpu, splitItems, tokens, Vocabulary } from "tempograd";

const surnames = {
  Italian: `Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa Giordano Mancini Rizzo
    Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone Longo Gentile Martinelli Vitale
    Lombardo Serra Coppola Marchetti Parisi Villa Conte Ferraro Ferri Fabbri Bianco Marini Grasso Valentini Messina Sala Gatti
    Pellegrini Palumbo Sanna Farina Rizzi Monti Cattaneo Morelli Amato Silvestri Mazza Testa Grassi Pellegrino Carbone Giuliani`,
  Japanese: `Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Matsumoto
    Inoue Kimura Hayashi Shimizu Yamazaki Mori Abe Ikeda Hashimoto Yamashita Ishikawa Nakajima Maeda Fujita Ogawa Goto Okada
    Hasegawa Murakami Kondo Ishii Saito Sakamoto Endo Aoki Fujii Nishimura Fukuda Ota Miura Fujiwara Okamoto Matsuda Nakagawa
    Nakano Harada Ono Tamura Takeuchi Kaneko Wada Nakayama Ishida Ueda Morita Hara Shibata Sakai Kudo Yokoyama Miyazaki`,
  Polish: `Nowak Kowalski Wisniewski Wojcik Kowalczyk Kaminski Lewandowski Zielinski Szymanski Wozniak Dabrowski Kozlowski Jankowski
    Mazur Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zajac Pawlowski Michalski Krol Wieczorek Jablonski
    Wrobel Nowakowski Majewski Olszewski Stepien Malinowski Jaworski Adamczyk Dudek Nowicki Pawlak Gorski Witkowski Walczak Sikora
    Baran Rutkowski Michalak Szewczyk Ostrowski Tomaszewski Pietrzak Zalewski Wroblewski Marciniak Jasinski Zawadzki Sadowski
    Jakubowski Duda Wlodarczyk Chmielewski Borkowski Sokolowski Szczepanski Sawicki Kucharski Lis Maciejewski Kubiak`,
};

const languages = Object.keys(surnames);
const names = Object.values(surnames).flatMap((list, label) =>
  list.split(/\s+/).map((name) => ({ name: name.toLowerCase(), label })),
);
const vocabulary = Vocabulary.fromText(names.map(({ name }) => name).join(""));
const items = names.map(({ name, label }) => ({ name, label, tokens: vocabulary.encode(name) }));
const { training, heldOut } = splitItems(items, 0.2, 1);

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: tokens(vocabulary.size), layers: [lstm(32)], readout: lastStep(languages.length) },
});
await fit(network, training, {
  ...{ epochs: 12, validation: heldOut, evaluateEvery: 20, optimizer: adam({ learningRate: 0.01 }) },
  onProgress({ update, entry }) {
    const { loss, accuracy } = entry?.validation ?? {};
    if (loss) console.log(`update ${update}: held out ${loss.toFixed(3)} nats, ${(100 * accuracy!).toFixed(0)}% right`);
  },
});

const told = await network.predict(heldOut.map((item) => item.tokens));
export const share = told.filter(({ classes }, i) => classes[0] === heldOut[i]!.label).length / heldOut.length;
for (const [i, { classes, probabilities }] of told.slice(0, 8).entries()) {
  const [chosen] = classes;
  console.log(`${heldOut[i]!.name}: ${languages[chosen!]}, by ${(100 * probabilities[chosen!]!).toFixed(0)}%`);
}
console.log(`right of ${(100 * share).toFixed(0)}% of ${heldOut.length} names that it has not seen`);
gpu.destroy();
