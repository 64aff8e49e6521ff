// Networks that PyTorch has twins of, for folders of Hugging Face's hub.

import {
  elman,
  embedding,
  everyHidden,
  everyStep,
  features,
  gru,
  huber,
  lastStep,
  lstm,
  type NetworkOptions,
  tokens,
} from "../../src/index";

export const networks: readonly [string, NetworkOptions][] = [
  ["tokens, every step", { input: tokens(7), layers: [lstm(5), lstm(5)], readout: everyStep(7) }],
  [
    "an embedding, both directions, the last step",
    { input: embedding(7, 3), layers: [lstm(4, { bidirectional: true })], readout: lastStep(2) },
  ],
  [
    "layers that are not alike, without biases",
    {
      input: features(3),
      layers: [
        gru(4, { bidirectional: true }),
        elman(5, { activation: "relu", bias: false }),
        lstm(6, { projection: 2 }),
      ],
      readout: everyStep(2, { bias: false }),
      loss: huber(),
    },
  ],
  ["a tied readout", { input: embedding(7, 4), layers: [gru(4)], readout: everyStep(7, { tied: true }) }],
  [
    "hidden states",
    { input: features(2), layers: [elman(4, { bidirectional: true })], readout: everyHidden(), loss: huber() },
  ],
  [
    "the short form",
    {
      cell: "gru",
      layers: 2,
      bidirectional: true,
      inputs: 3,
      hidden: 4,
      outputs: 2,
      input: "features",
      readout: "last-step",
    },
  ],
];
