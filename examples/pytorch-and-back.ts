// A model of PyTorch's is trained on here, and goes back. Its state_dict comes as a file that `safetensors.torch.save_file` writes; what
// goes back is one of the same names and shapes, for `model.load_state_dict(safetensors.torch.load_file(path))`.
//
//   class Model(nn.Module):
//       def __init__(self):
//           super().__init__()
//           self.embedding = nn.Embedding(27, 16)
//           self.lstm = nn.LSTM(16, 32)
//           self.fc = nn.Linear(32, 27)

import {
  adam,
  fit,
  fromPyTorch,
  Network,
  networkFromPyTorch,
  openGpu,
  randomWindows,
  readSafetensors,
  toPyTorch,
  Vocabulary,
  writeSafetensors,
} from "tempograd";

/** Stands for the file, so that this one needs no other: an app has `await (await fetch("model.safetensors")).arrayBuffer()`. */
function modelFile(): Uint8Array {
  const shapes: Record<string, number[]> = {
    "embedding.weight": [27, 16],
    "lstm.weight_ih_l0": [128, 16],
    "lstm.weight_hh_l0": [128, 32],
    "lstm.bias_ih_l0": [128],
    "lstm.bias_hh_l0": [128],
    "fc.weight": [27, 32],
    "fc.bias": [27],
  };
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * 32 ** -0.5;
  };
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const length = shape.reduce((product, size) => product * size);
    return [name, { shape, data: Float32Array.from({ length }, uniform) }] as const;
  });
  return writeSafetensors(tensors, { format: "pt" });
}

const file = readSafetensors(modelFile());
const vocabulary = new Vocabulary(" abcdefghijklmnopqrstuvwxyz");
const text = "the sea was calm and the sky was clear and the ship went on over the sea and under the sky ".repeat(12);

const gpu = await openGpu();
const network = await Network.create(gpu, networkFromPyTorch(file.tensors)); // sizes, cells and layers are told by the tensors
network.write(fromPyTorch(file.tensors));

const size = { steps: 32, batch: 8 };
const { history } = await fit(network, randomWindows(vocabulary.encode(text), { ...size, seed: 1 }), {
  ...{ ...size, updates: 60, evaluateEvery: 20, optimizer: adam({ learningRate: 0.02 }) },
  onProgress({ entry }) {
    if (entry) console.log(`update ${entry.update}: loss ${entry.loss.toFixed(3)}`);
  },
});
export const losses = history.map(({ loss }) => loss);

/** The file for PyTorch: what names the network does not tell are said as those of the model. */
const names = { prefix: "lstm", head: "fc", embedding: "embedding" };
const tensors = toPyTorch(await network.read(), { ...network.config, ...names });
export const written = writeSafetensors(tensors, { format: "pt" });
export const read = [...file.tensors].map(([name, { shape }]) => `${name} [${shape}]`);

// There and back once more: a network of that file predicts the same.
const again = readSafetensors(written);
const twin = await Network.create(gpu, networkFromPyTorch(again.tensors));
twin.write(fromPyTorch(again.tensors));
const prompt = vocabulary.encode("the ship went ");
const [here, there] = [await network.predict(prompt), await twin.predict(prompt)];
export const difference = Math.max(
  ...here.probabilities!.map((probability, i) => Math.abs(probability - there.probabilities![i]!)),
);
console.log(`${again.tensors.size} tensors go back; what they predict differs by ${difference}`);
gpu.destroy();
