// A network as a module of JavaScript that needs nothing else, for where there is no WebGPU.

import { equationsOf } from "../cells/cell-equations";
import { cellOf, nameOfCell } from "../cells/cells";
import type { Loss } from "../losses/loss";
import { type NetworkOptions, networkConfig } from "../network/config";
import { expectKnown } from "../network/expect";
import { expectParameters } from "../network/expect-parameters";
import type { ParameterValues } from "../network/parameters";
import { plainJson } from "../network/plain-json";
import type { Clusters } from "../parts/adaptive";
import { type Architecture, architectureOf, type Sequence, type StackedLayer } from "../parts/architecture";
import { runtimeOf } from "./runtime";
import { stepText } from "./step-text";

/** What a standalone module says beside what it computes. */
export interface StandaloneOptions {
  /** Plain data of the caller's own, such as a vocabulary or names of classes: the module's export `about`. */
  about?: unknown;
}

/**
 * A network's predictions as an ES module without imports, in plain JavaScript: for browsers without WebGPU, servers and whatever
 * else runs JavaScript. It computes in single precision, by the equations of the cells.
 *
 *     import { predict } from "./network.js";
 *     const { classes, probabilities, states } = predict(sequence, { states, source });
 *
 * `predict` takes a sequence, tokens or features [steps, I] one step after the other; of a network with an encoder, `source` too. It
 * answers classes, probabilities and logits, of other losses values: of each step [steps, K], where the last one is read [K]; and the
 * states that layers of one direction go on from, when they are given back.
 *
 * @param parameters as `network.read()` answers them
 * @param options those of the network: `network.config`
 * @returns the module's text
 * @throws where parameters are missing, of other shapes or not finite, or `about` is no plain data
 */
export function toStandalone(
  parameters: ParameterValues,
  options: NetworkOptions,
  also: StandaloneOptions = {},
): string {
  expectKnown("toStandalone", also, ["about"]);
  const about = also.about === undefined ? undefined : plainJson("toStandalone", "about", also.about);
  const config = networkConfig(options);
  const architecture = architectureOf(config);
  expectParameters("toStandalone", parameters, config);
  const cells = new Map<string, string>();
  const weights = [...parameters.values()].map(({ data }) => data);
  const code = [
    ...stepsOf(architecture, cells),
    ...(architecture.encoder ? [`const encoder = ${sequenceText(architecture.encoder, cells, parameters)};`] : []),
    `const network = ${sequenceText(architecture, cells, parameters)};`,
    predictText(architecture),
  ].join("\n\n");
  return `${[
    `// A recurrent network, written by tempograd: ${summaryOf(architecture)}.`,
    "// predict(sequence) computes it, without WebGPU and without anything else.",
    runtimeOf(code),
    weightsText([...parameters.keys()], weights),
    code,
    ...(about === undefined ? [] : [`export const about = ${about};`]),
  ].join("\n\n")}\n`;
}

const summaryOf = ({ layers, encoder, readout }: Architecture): string => {
  const each = (list: readonly StackedLayer[]) =>
    list
      .map((layer) => `${nameOfCell(layer)} ${layer.hidden}${layer.bidirectional ? " in both directions" : ""}`)
      .join(", ");
  return `${encoder ? `${each(encoder.layers)}, then ` : ""}${each(layers)}, ${readout.outputs} outputs`;
};

/** All parameters one behind the other, taken apart by their names. */
function weightsText(names: readonly string[], data: readonly Float32Array[]): string {
  const bytes = new Uint8Array(data.reduce((sum, { byteLength }) => sum + byteLength, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of data) {
    for (const value of part) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  const places = names.map((name, i) => `${JSON.stringify(name)}: take(${data[i]!.length})`);
  return [
    "const bytes = new DataView(Uint8Array.from(",
    `  atob("${base64(bytes)}"),`,
    "  (character) => character.charCodeAt(0),",
    ").buffer);",
    "let taken = 0;",
    "const take = (count) => Float32Array.from({ length: count }, () => bytes.getFloat32(4 * taken++, true));",
    `const parameters = { ${places.join(", ")} };`,
  ].join("\n");
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** A function for each cell of a network, named in `cells` by what its equations depend on. */
function stepsOf({ layers, encoder }: Architecture, cells: Map<string, string>): string[] {
  const texts: string[] = [];
  for (const layer of [...(encoder?.layers ?? []), ...layers]) {
    const key = keyOf(layer);
    if (cells.has(key)) continue;
    const name = `step${cells.size}`;
    cells.set(key, name);
    texts.push(stepText(name, equationsOf(layer)));
  }
  return texts;
}

const keyOf = (layer: StackedLayer): string => [nameOfCell(layer), layer.activation ?? "", layer.reset ?? ""].join(" ");

function sequenceText(
  { input, layers, prefix }: Sequence,
  cells: ReadonlyMap<string, string>,
  parameters: ParameterValues,
): string {
  const parameter = (name: string) => (parameters.has(name) ? `parameters[${JSON.stringify(name)}]` : "undefined");
  const direction = (layer: StackedLayer, name: string, reverse: boolean) => {
    const { hidden: H, width } = layer;
    const { gates, states } = cellOf(layer);
    const own = ["recurrentWeight", "recurrentBias", "unitParameters", "projectionWeight"].map((of) =>
      parameter(name + of),
    );
    return `{ columns: ${gates * H}, W: ${parameter(`${name}inputWeight`)}, b: ${parameter(`${name}bias`)}, step: ${cells.get(keyOf(layer))}(${[H, width, ...own].join(", ")}), sizes: ${JSON.stringify([width, ...Array<number>(states).fill(H)])}, reverse: ${reverse} }`;
  };
  const embedding = input.kind === "embedding" ? parameter(`${prefix}embeddingWeight`) : "undefined";
  return [
    "{",
    `  input: { tokens: ${input.tokens}, width: ${input.width}, embedding: ${embedding} },`,
    "  layers: [",
    ...layers.map((layer) => `    [${layer.names.map((name, i) => direction(layer, name, i === 1)).join(", ")}],`),
    "  ],",
    "}",
  ].join("\n");
}

function predictText({ encoder, readout, loss, layers, prefix, input }: Architecture): string {
  const { outputs, tied, bias, bare, kind, clusters } = readout;
  const everyStep = kind === "every-step";
  const { directions } = layers.at(-1)!;
  const ends = `states.slice(-${directions}).map(([h]) => h)`;
  const read = everyStep ? "hs" : directions === 2 ? `[joined(...${ends})]` : ends;
  const V = tied
    ? `transposed(parameters["${prefix}embeddingWeight"], ${input.tokens}, ${input.width})`
    : 'parameters["outputWeight"]';
  const width = clusters?.head ?? outputs;
  const product = `addProduct(rowOf(${width}, ${bias ? 'parameters["outputBias"]' : "undefined"}), h, V, ${width})`;
  const answers = answersOf(loss);
  const shape = everyStep ? `[steps, ${outputs}]` : `[${outputs}]`;
  return [
    ...(bare ? [] : [`const V = ${V};`, ""]),
    "/**",
    ` * @param sequence ${input.tokens === undefined ? `numbers, ${input.width} a step` : `tokens from 0 to ${input.tokens - 1}`}`,
    encoder
      ? " * @param options.source what the encoder reads"
      : " * @param options.states what an earlier call answered, to go on from",
    ` * @returns ${Object.keys(answers).join(", ")}: ${shape}; the states after the last step`,
    " */",
    "export function predict(sequence, options = {}) {",
    '  const xs = stepsOf("sequence", network.input, sequence);',
    encoder
      ? '  const before = through(encoder.layers, stepsOf("source", encoder.input, options.source)).states;'
      : "  const before = options.states;",
    "  const { hs, states } = through(network.layers, xs, before);",
    `  const o = ${bare ? read : `${read}.map((h) => ${clusters ? clusteredText(clusters, product) : product})`};`,
    `  return { ${Object.entries({ ...answers, states: "states" })
      .map(([name, text]) => (name === text ? name : `${name}: ${text}`))
      .join(", ")} };`,
    "}",
  ].join("\n");
}

function clusteredText({ frequent, tails }: Clusters, o: string): string {
  const all = tails.map(
    ({ name, width, count }) =>
      `[parameters["${name}projectionWeight"], ${width}, parameters["${name}outputWeight"], ${count}]`,
  );
  return `clustered(${o}, h, ${frequent}, [${all.join(", ")}])`;
}

/** What is told of outputs o, by its name. */
function answersOf(loss: Loss): Record<string, string> {
  const logits = "flat(o)";
  if (loss.targets === "classes") {
    return { classes: "Int32Array.from(o, likeliest)", probabilities: "flat(o.map(softmax))", logits };
  }
  if (loss.targets === "none" || !loss.labels) return { values: "flat(o)" };
  return {
    classes: "Int32Array.from(flat(o), (logit) => (logit >= 0 ? 1 : 0))",
    probabilities: "flat(o).map(sigmoid)",
    logits,
  };
}
