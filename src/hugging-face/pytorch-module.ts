// A network as a module of PyTorch: what its parts are given, and the text of the class that is made of them.

import { cellOf, nameOfCell } from "../cells/cells";
import { TempogradError } from "../errors";
import type { PyTorchNetwork } from "../interchange/pytorch-options";
import type { NetworkConfig } from "../network/config";
import { architectureOf, depthOf } from "../parts/architecture";

/** What the class is made with: `pytorch` of config.json. */
export interface ModuleSizes {
  readonly embedding: readonly [tokens: number, width: number] | null;
  /** How many tokens are one-hot, where there is no embedding. */
  readonly one_hot: number | null;
  /** For each layer its class in torch.nn, and what that is given. */
  readonly rnn: readonly (readonly [string, Readonly<Record<string, unknown>>])[];
  readonly head: { readonly in_features: number; readonly out_features: number; readonly bias: boolean } | null;
  readonly tied: boolean;
  readonly last_step: boolean;
}

/** How a network's tensors are called there. */
export const moduleNames = (config: NetworkConfig): PyTorchNetwork => ({
  ...config,
  prefix: architectureOf(config).layers.map((_, number) => `rnn.${number}`),
});

/** @throws where a layer has no twin in PyTorch */
export function moduleSizes(operation: string, config: NetworkConfig): ModuleSizes {
  const architecture = architectureOf(config);
  const { input, layers, readout } = architecture;
  const rnn = layers.map((layer) => {
    const kind = cellOf(layer).pytorch;
    if (kind === undefined) {
      const expected = "what nn.RNN, nn.GRU or nn.LSTM computes";
      const cure = "saveNetwork and readCheckpoint keep it under this library's names";
      const subject = `layer ${layer.number} of cell "${nameOfCell(layer)}"`;
      throw new TempogradError(
        "file",
        `${operation}: ${subject} has no twin in PyTorch, expected ${expected}; ${cure}.`,
      );
    }
    const { inputs, hidden, bias, bidirectional, projection, activation } = layer;
    const sizes = {
      ...{ input_size: inputs, hidden_size: hidden, bias, bidirectional },
      ...(projection !== undefined && { proj_size: projection }),
      ...(activation === "relu" && { nonlinearity: activation }),
    };
    return [kind, sizes] as const;
  });
  return {
    embedding: input.kind === "embedding" ? [input.tokens!, input.width] : null,
    one_hot: input.kind === "tokens" ? input.width : null,
    rnn,
    head: readout.bare
      ? null
      : { in_features: depthOf(architecture), out_features: readout.outputs, bias: readout.bias },
    tied: readout.tied,
    last_step: readout.kind === "last-step",
  };
}

/** Reads safetensors by itself: the length of a header of JSON, the header, and numbers at the places that it says. */
export const moduleText = `import json, struct, torch
from torch import nn

class Network(nn.Module):
    def __init__(self, embedding, one_hot, rnn, head, tied, last_step):
        super().__init__()
        self.one_hot, self.last_step = one_hot, last_step
        self.embedding = nn.Embedding(*embedding) if embedding else None
        self.rnn = nn.ModuleList(getattr(nn, kind)(batch_first=True, **sizes) for kind, sizes in rnn)
        self.head = nn.Linear(**head) if head else nn.Identity()
        if tied: self.head.weight = self.embedding.weight

    def forward(self, x):  # tokens [batch, steps], or features [batch, steps, width]
        if self.one_hot: x = nn.functional.one_hot(x, self.one_hot).float()
        if self.embedding: x = self.embedding(x)
        for rnn in self.rnn: x, state = rnn(x)
        if self.last_step: x = torch.cat(tuple(state[0] if isinstance(state, tuple) else state), -1)
        return self.head(x)

    @classmethod
    def from_pretrained(cls, folder):
        network = cls(**json.load(open(f"{folder}/config.json"))["pytorch"])
        file = bytearray(open(f"{folder}/model.safetensors", "rb").read())
        start = 8 + struct.unpack("<Q", file[:8])[0]
        tensors = {}
        for name, place in json.loads(bytes(file[8:start])).items():
            if name == "__metadata__": continue
            begin, end = place["data_offsets"]
            values = torch.frombuffer(file, dtype=torch.float32, count=(end - begin) // 4, offset=start + begin)
            tensors[name] = values.reshape(place["shape"])
        network.load_state_dict(tensors)
        return network.eval()
`;
