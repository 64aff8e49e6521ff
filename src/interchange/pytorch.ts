// Translates parameters between this library's names and those of a PyTorch state_dict: of nn.RNN, nn.GRU or nn.LSTM,
// alone or with an nn.Embedding below and an nn.Linear above. PyTorch multiplies by transposed matrices (x·Wᵀ) and gives
// each gate two biases.

import { cellOf, nameOfCell } from "../cells/cells";
import { noLoss } from "../losses/loss";
import type { Parts } from "../parts/architecture";
import { embedding, features } from "../parts/inputs";
import { layer } from "../parts/layers";
import { everyHidden, everyStep } from "../parts/readouts";
import { expectFinite } from "./finite";
import { checkCell, checkOptions, layoutOf, type PyTorchNetwork, type PyTorchOptions } from "./pytorch-options";
import type { FloatTensor, TensorData } from "./safetensors";
import { findLayout, type Layout, listed, nameIn, type RecurrentModule } from "./state-dict";
import { copy, type Dimension, fail, reader, transpose } from "./tensor-reader";
import { quote } from "./untrusted";

/**
 * The library's parameters from PyTorch's: matrices transposed, biases added. The gates lie side by side in PyTorch's
 * order, each `hidden` wide: i f g o of an LSTM, r z n of a GRU. Sizes come from the tensors; the tensors returned are
 * copies.
 *
 *     embedding.weight [V, I]              → embeddingWeight [V, I]
 *     weight_ih_l0 [G·H, I]                → layer0.inputWeight [I, G·H]      (in layer 1 and above, I is D·H)
 *     weight_hh_l0 [G·H, H]                → layer0.recurrentWeight [H, G·H]
 *     bias_ih_l0 [G·H] + bias_hh_l0 [G·H]  → layer0.bias [G·H]
 *     weight_hr_l0 [P, H]                  → layer0.projectionWeight [H, P]   (h is P wide then, here and above)
 *     weight_ih_l0_reverse …               → layer0.reverse.inputWeight …
 *     head.weight [K, D·H]                 → outputWeight [D·H, K]            (none where it is the embedding's)
 *     head.bias [K]                        → outputBias [K]
 *
 * G is 1 (elman), 3 (gru) or 4 (lstm) gates, D is 1 or 2 directions. A GRU's reset gate acts on n's recurrent bias but
 * not on its other one, so these two stay apart: n's `bias_hh` becomes layer0.recurrentBias [H].
 *
 * Modules may have any name (`module.encoder.rnn.weight_ih_l0`): they are told by how names end, and by shapes. Where that
 * leaves a doubt, nothing is taken. {@link networkFromPyTorch} answers the network that has these parameters.
 *
 * Source: the formulas of torch.nn.RNN, GRU, LSTM, Embedding and Linear in PyTorch's documentation.
 *
 * @throws Error with what the tensors are and the option that helps, when there are two candidates for a part or none;
 *   when a tensor is missing, is not of floats or has another shape; when some are of no part that is read (where `head` is
 *   said they are left); when the network is not what options say; when the cell has no twin in PyTorch
 * @example
 * ```ts
 * import { fromPyTorch, readSafetensors, toPyTorch, writeSafetensors } from "tempograd";
 *
 * const file = writeSafetensors(toPyTorch(await network.read(), network.config)); // in place of one of PyTorch's
 * const { tensors } = readSafetensors(file);
 * network.write(fromPyTorch(tensors));
 * ```
 */
export function fromPyTorch(
  tensors: ReadonlyMap<string, TensorData>,
  options: PyTorchOptions = {},
): Map<string, FloatTensor> {
  return translated(tensors, options).parameters;
}

/**
 * The network of such tensors, for `Network.create`, by what they tell: sizes, cells, layers. What they do not tell is as
 * it is by default, or said beside them:
 *
 *     const network = await Network.create(gpu, { ...networkFromPyTorch(tensors), readout: lastStep(10) });
 *     network.write(fromPyTorch(tensors));
 *
 * Steps read features where there is no embedding (of tokens that are one-hot: `input: tokens(n)`), the head reads every
 * step, the loss is cross-entropy; the `nonlinearity` of nn.RNN is the option `activation`. Of recurrent layers alone the outputs
 * are their hidden states, `everyHidden()`, and there is no loss.
 *
 * @throws Error as `fromPyTorch`
 * @example
 * ```ts
 * import { fromPyTorch, Network, networkFromPyTorch } from "tempograd";
 *
 * const floats = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
 * const tensors = new Map([
 *   ["encoder.weight_ih_l0", floats(4 * 8, 3)], // a bare nn.LSTM(3, 8)
 *   ["encoder.weight_hh_l0", floats(4 * 8, 8)],
 *   ["encoder.bias_ih_l0", floats(4 * 8)],
 *   ["encoder.bias_hh_l0", floats(4 * 8)],
 * ]);
 * const encoder = await Network.create(gpu, networkFromPyTorch(tensors));
 * encoder.write(fromPyTorch(tensors));
 * console.log(await encoder.predict(Float32Array.of(1, 0, 0))); // h of each step
 * encoder.destroy();
 * ```
 */
export function networkFromPyTorch(tensors: ReadonlyMap<string, TensorData>, options: PyTorchOptions = {}): Parts {
  const { layout, parameters } = translated(tensors, options);
  const shapeOf = (name: string) => parameters.get(name)!.shape as [number, number];
  const { modules, head } = layout;
  const layers = modules.flatMap((module) => Array<RecurrentModule>(module.layers).fill(module));
  const table = layout.embedding === undefined ? undefined : shapeOf("embeddingWeight");
  return {
    input: table ? embedding(...table) : features(shapeOf("layer0.inputWeight")[0]),
    layers: layers.map(({ named: { cell, ...choices }, bidirectional, bias, projected }, number) =>
      layer(cell, shapeOf(`layer${number}.inputWeight`)[1] / cellOf({ cell }).gates, {
        ...{ ...choices, bidirectional, bias },
        ...(projected && { projection: shapeOf(`layer${number}.projectionWeight`)[1] }),
      }),
    ),
    ...(head
      ? {
          readout: everyStep(head.tied ? table![0] : shapeOf("outputWeight")[1], {
            bias: head.bias !== undefined,
            tied: head.tied,
          }),
        }
      : { readout: everyHidden(), loss: noLoss() }),
  };
}

function translated(tensors: ReadonlyMap<string, TensorData>, options: PyTorchOptions) {
  const operation = "fromPyTorch";
  checkOptions(operation, options, tensors);
  const { isOwn, ...layout } = findLayout(tensors, options);
  const { modules, embedding, head } = layout;
  for (const { named } of modules) checkCell(operation, named);
  const { sweeps, states } = sweepsOf(modules);
  const { take, taken } = reader(operation, tensors, cureOf(layout));
  const parameters = new Map<string, FloatTensor>();
  if (embedding !== undefined) parameters.set("embeddingWeight", copy(take(embedding, [tokenCount, inputs])));
  for (const { module, ours, theirs, gates, hidden, width, below } of sweeps) {
    const projection = module.projected && transpose(take(theirs("weight_hr"), [width, hidden]));
    const recurrentWeight = transpose(take(theirs("weight_hh"), [gates, width]));
    const biases = module.bias
      ? addedBiases(module, take(theirs("bias_ih"), [gates]), take(theirs("bias_hh"), [gates]))
      : {};
    parameters.set(`${ours}inputWeight`, transpose(take(theirs("weight_ih"), [gates, below])));
    parameters.set(`${ours}recurrentWeight`, recurrentWeight);
    for (const [name, bias] of Object.entries(biases)) parameters.set(ours + name, bias);
    if (projection) parameters.set(`${ours}projectionWeight`, projection);
  }
  if (head) {
    const weight = take(head.weight, [outputs, states]);
    if (!head.tied) parameters.set("outputWeight", transpose(weight));
    if (head.bias !== undefined) parameters.set("outputBias", copy(take(head.bias, [outputs])));
  }
  const left = [...tensors.keys()].filter((name) => !taken.has(name));
  if (left.length > 0 && !isOwn && options.head === undefined) {
    const expected = "an nn.Embedding, recurrent layers and one nn.Linear of their width";
    const cure = "pass the name of an nn.Linear as head, or head: null, to take no more than that";
    fail(operation, "tensors", `has of other parts ${listed(tensors, left)}`, expected, cure);
  }
  return { layout, parameters };
}

/** PyTorch's two biases of each gate as one, but for a GRU's candidate. */
function addedBiases(
  { named }: RecurrentModule,
  ofInput: FloatTensor,
  ofState: FloatTensor,
): Record<string, FloatTensor> {
  const { gates, candidate } = cellOf(named);
  const { length } = ofInput.data;
  const added = candidate ? length - length / gates : length;
  const data = ofInput.data.map((value, i) => (i < added ? value + ofState.data[i]! : value));
  const apart = ofState.data.slice(added);
  return {
    bias: { shape: [length], data },
    ...(candidate && { recurrentBias: { shape: [apart.length], data: apart } }),
  };
}

/**
 * PyTorch's parameters from the library's: the inverse of {@link fromPyTorch}, with `bias_ih` = `bias` and `bias_hh` = 0
 * but for a GRU's n, where it is `recurrentBias`. The tensors returned are copies. Tensors of other names are ignored.
 * They compute there what they compute here; trained on there, the two biases of a gate both learn, where here one does.
 * Layers that are not alike are a module each, named as those of an nn.ModuleList "rnn".
 *
 * @param options a network's config; `prefix`, `head` and `embedding`: what its modules are called there
 * @throws Error as `fromPyTorch`, or where a part of the network has no twin in PyTorch or a number is not finite
 * @example
 * ```ts
 * import { toPyTorch, writeSafetensors } from "tempograd";
 *
 * const tensors = toPyTorch(await network.read(), network.config);
 * console.log([...tensors.keys()]); // lstm.weight_ih_l0 …, for load_state_dict
 * const file = writeSafetensors(tensors);
 * console.log(file.length);
 * ```
 */
export function toPyTorch(
  parameters: ReadonlyMap<string, TensorData>,
  options: PyTorchOptions | PyTorchNetwork = {},
): Map<string, FloatTensor> {
  const operation = "toPyTorch";
  const layout = layoutOf(operation, parameters, options);
  const { modules, embedding, head } = layout;
  const { sweeps, states } = sweepsOf(modules);
  expectNoMore(parameters, layout, sweeps);
  const { take } = reader(operation, parameters, cureOf(layout));
  const tensors = new Map<string, FloatTensor>();
  if (embedding !== undefined) tensors.set(embedding, copy(take("embeddingWeight", [tokenCount, inputs])));
  for (const { module, ours, theirs, gates, hidden, width, below } of sweeps) {
    const projection = module.projected && transpose(take(`${ours}projectionWeight`, [hidden, width]));
    const recurrentWeight = transpose(take(`${ours}recurrentWeight`, [width, gates]));
    tensors.set(theirs("weight_ih"), transpose(take(`${ours}inputWeight`, [below, gates])));
    tensors.set(theirs("weight_hh"), recurrentWeight);
    if (module.bias) {
      const bias = take(`${ours}bias`, [gates]);
      const recurrentBias = new Float32Array(bias.data.length);
      if (cellOf(module.named).candidate) {
        const { data } = take(`${ours}recurrentBias`, [hidden]);
        recurrentBias.set(data, recurrentBias.length - data.length);
      }
      tensors.set(theirs("bias_ih"), copy(bias));
      tensors.set(theirs("bias_hh"), { shape: [...bias.shape], data: recurrentBias });
    }
    if (projection) tensors.set(theirs("weight_hr"), projection);
  }
  if (head) {
    const weight = head.tied ? copy(tensors.get(embedding!)!) : transpose(take("outputWeight", [states, outputs]));
    tensors.set(head.weight, weight);
    if (head.bias !== undefined) tensors.set(head.bias, copy(take("outputBias", [outputs])));
  }
  expectFinite(operation, parameters);
  return tensors;
}

const tokenCount: Dimension = [1, "tokens"];
const inputs: Dimension = [1, "inputs"];
const outputs: Dimension = [1, "outputs"];

/** One direction of one layer: how its parameters are called in the library and in PyTorch, and their sizes. */
interface Sweep {
  readonly module: RecurrentModule;
  readonly ours: string;
  theirs(kind: string): string;
  readonly gates: Dimension;
  readonly hidden: Dimension;
  /** Of h, in one direction. */
  readonly width: Dimension;
  /** Of what it reads. */
  readonly below: Dimension;
}

/** All of them, and the width of what the highest layer gives. */
function sweepsOf(modules: readonly RecurrentModule[]): { sweeps: Sweep[]; states: Dimension } {
  const sweeps: Sweep[] = [];
  let below = inputs;
  let number = 0;
  for (const [m, module] of modules.entries()) {
    const ofModule = modules.length > 1 ? `${m}` : "";
    const hidden: Dimension = [1, `hidden${ofModule}`];
    const width: Dimension = module.projected ? [1, `projection${ofModule}`] : hidden;
    const gates: Dimension = [cellOf(module.named).gates, hidden[1]];
    for (let layer = 0; layer < module.layers; layer++, number++) {
      for (const reverse of module.bidirectional ? [false, true] : [false]) {
        const theirs = (kind: string) => nameIn(module, kind, layer, reverse);
        const ours = `layer${number}.${reverse ? "reverse." : ""}`;
        sweeps.push({ module, ours, theirs, gates, hidden, width, below });
      }
      below = [module.bidirectional ? 2 : 1, width[1]];
    }
  }
  return { sweeps, states: below };
}

/** @throws where there are parameters of more than is said. */
function expectNoMore(
  parameters: ReadonlyMap<string, TensorData>,
  { modules, embedding }: Layout,
  sweeps: readonly Sweep[],
): void {
  const layers = modules.reduce((sum, module) => sum + module.layers, 0);
  const known = sweeps.flatMap(({ module: { bias, projected, named }, ours }) => [
    ...[`${ours}inputWeight`, `${ours}recurrentWeight`],
    ...(bias ? [`${ours}bias`] : []),
    ...(bias && cellOf(named).candidate ? [`${ours}recurrentBias`] : []),
    ...(projected ? [`${ours}projectionWeight`] : []),
  ]);
  const all = new Set([...known, ...(embedding === undefined ? [] : ["embeddingWeight"])]);
  for (const name of parameters.keys()) {
    const [own, layer] = /^(?:encoder\.|embeddingWeight$|layer(\d+)\.)/.exec(name) ?? [];
    if (own === undefined || all.has(name)) continue;
    const further = Number(layer ?? 0) >= layers;
    const [got, expected] = further
      ? ["is of a further layer", `layers: ${layers}`]
      : name.includes(".reverse.")
        ? ["is of a reverse direction", "bidirectional: false"]
        : ["is of a part that is not said", "that of the network"];
    fail("toPyTorch", `tensor ${quote(name)}`, got!, expected!, "pass the network's config");
  }
}

/** What to do about a tensor that is not as it should be. */
function cureOf({ modules }: Layout): string {
  const { named, bidirectional } = modules[0]!;
  const layers = modules.reduce((sum, module) => sum + module.layers, 0);
  const network = `cell "${nameOfCell(named)}", layers ${layers} and bidirectional ${bidirectional}`;
  return `pass all parameters of a network of ${network}, or the options of this one`;
}
