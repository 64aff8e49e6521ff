// Five lines that load a saved training elsewhere and predict with it: in JavaScript, PyTorch, and ONNX's runtime.

import type { Outline } from "../workshop/outline";

/** What the library calls the cells that files name and no word of an option does. */
const cellExports: Readonly<Record<string, string>> = {
  "peephole-lstm": "peepholeLstm",
  "coupled-lstm": "coupledLstm",
  slstm: "slstm",
  indrnn: "indrnn",
  mingru: "minGru",
  minlstm: "minLstm",
};

/** A file's name without what tells its kind. */
export const fileName = ({ cell, step }: Pick<Outline, "cell" | "step">): string => `tempograd-${cell}-step-${step}`;

export function javaScript(outline: Outline): string {
  const { cell, quantiles, example, translation } = outline;
  const made = cellExports[cell];
  const names = [
    ...["Network", "openGpu", "readCheckpoint"],
    ...(made ? [made] : []),
    ...(quantiles ? ["quantile"] : []),
    ...(translation ? ["generate"] : []),
  ];
  const said = [
    ...(made ? [`cells: [${made}]`] : []),
    ...(quantiles ? [`losses: [quantile([${quantiles.join(", ")}])]`] : []),
  ];
  const also = said.length > 0 ? `, { ${said.join(", ")} }` : "";
  const text = "text" in example;
  const kind = text && example.kind !== "characters" ? `, { kind: "${example.kind}" }` : "";
  const question = text
    ? `new Vocabulary(about.trainedOn.symbols${kind}).encode(${JSON.stringify(example.text)})`
    : `Float32Array.of(${example.features.join(", ")})`;
  const asked = translation
    ? [
        `const written = await generate(network, { source: ${question}, prompt: [${translation.prompt.join(", ")}], length: ${translation.length}, topK: 1 });`,
        "console.log(new Vocabulary(about.trainedOn.classes).decode(written));",
      ]
    : [`console.log(await network.predict(${question}));`];
  return [
    `import { ${[...names, ...(text ? ["Vocabulary"] : [])].sort().join(", ")} } from "tempograd";`,
    `const { network: options, parameters${text ? ", about" : ""} } = await readCheckpoint(await (await fetch("${fileName(outline)}.safetensors")).blob()${also});`,
    "const network = await Network.create(await openGpu(), options);",
    "network.write(parameters);",
    ...asked,
  ].join("\n");
}

/** @returns undefined where PyTorch has no such module. */
export function pyTorch(outline: Outline): string | undefined {
  const { cell, reset, inputs, hidden, layers, bidirectional, activation, readout, example, answers } = outline;
  const module = ({ elman: "RNN", gru: "GRU", lstm: "LSTM" } as Record<string, string | undefined>)[cell];
  if (!module || reset === "before" || outline.translation) return undefined;
  const options = [
    ...(layers > 1 ? [`num_layers=${layers}`] : []),
    ...(bidirectional ? ["bidirectional=True"] : []),
    ...(activation === "relu" ? ['nonlinearity="relu"'] : []),
  ];
  const read =
    "text" in example
      ? `torch.eye(${inputs})[[${example.tokens.join(", ")}]]`
      : `torch.tensor([${example.features.join(", ")}]).reshape(-1, ${inputs})`;
  const every = readout === "every-step";
  const states = every ? "states, _" : cell === "lstm" ? "_, (h, _)" : "_, h";
  const last = every ? "states" : bidirectional ? "torch.cat((h[-2], h[-1]))" : "h[-1]";
  const outputs = `${last} @ tensors["head.weight"].T + tensors["head.bias"]`;
  return [
    "import torch; from safetensors.torch import load_file",
    `tensors = load_file("${fileName(outline)}.safetensors")`,
    `rnn = torch.nn.${[`${module}(${inputs}`, hidden, ...options].join(", ")}); rnn.load_state_dict({name: tensors[name] for name in rnn.state_dict()})`,
    `with torch.no_grad(): ${states} = rnn(${read})`,
    `print((${outputs})${answers === "classes" ? ".softmax(-1)" : ""}.tolist())`,
  ].join("\n");
}

export function onnx(outline: Outline): string {
  const { inputs, example, answers, translation } = outline;
  if (translation && "text" in example) return onnxWriting(outline, example.tokens, translation);
  const tensor =
    "text" in example
      ? `"int32", Int32Array.of(${example.tokens.join(", ")}), [${example.tokens.length}, 1]`
      : `"float32", Float32Array.of(${example.features.join(", ")}), [${example.features.length / inputs}, 1, ${inputs}]`;
  const name = answers === "classes" ? "probabilities" : "values";
  return [
    'import { InferenceSession, Tensor } from "onnxruntime-web";',
    `const session = await InferenceSession.create("${fileName(outline)}.onnx");`,
    `const inputs = new Tensor(${tensor}); // [steps, batch${"text" in example ? "" : ", inputs"}]`,
    `const { ${name} } = await session.run({ inputs });`,
    `console.log(${name}.data);`,
  ].join("\n");
}

/** An encoder–decoder is run once for each token that it writes, behind those before. */
function onnxWriting(
  outline: Outline,
  source: readonly number[],
  { prompt, length, symbols }: NonNullable<Outline["translation"]>,
): string {
  return [
    'import { InferenceSession, Tensor } from "onnxruntime-web";',
    `const session = await InferenceSession.create("${fileName(outline)}.onnx");`,
    `const source = new Tensor("int32", Int32Array.of(${source.join(", ")}), [${source.length}, 1]); // [steps, batch]`,
    `const written = [${prompt.join(", ")}];`,
    `while (written.length < ${prompt.length + length}) {`,
    '  const inputs = new Tensor("int32", Int32Array.from(written), [written.length, 1]);',
    "  const { probabilities } = await session.run({ source, inputs });",
    `  const last = probabilities.data.slice(-${symbols.length});`,
    "  written.push(last.indexOf(last.reduce((most, share) => Math.max(most, share))));",
    "}",
    `console.log(written.slice(${prompt.length}).map((token) => ${JSON.stringify(symbols.join(""))}[token]).join(""));`,
  ].join("\n");
}
