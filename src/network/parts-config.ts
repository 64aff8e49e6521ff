// What a user says of a network's parts, checked and completed; loaded where they are said.

import { cellOf, choicesOf, nameOfCell } from "../cells/cells";
import { shown, TempogradError } from "../errors";
import { type AdaptiveOptions, clustersOf } from "../parts/adaptive";
import { architectureOf, type Encoder, mostLayers, type Parts } from "../parts/architecture";
import type { Input } from "../parts/inputs";
import type { Layer } from "../parts/layers";
import type { Readout } from "../parts/readouts";
import { type Beginning, expectBeginnings, expectCell, expectForgetBias, expectLoss } from "./config-checks";
import { expectKnown, expectShare, expectSize, expectSwitch, expectWord, listed } from "./expect";
import { ofAny } from "./plain";

/** A network of parts: each layer of a cell and a width of its own. */
export interface PartsOptions extends Parts, Beginning {}

/** The parts, completed. */
export type PartsConfig = Readonly<Required<Omit<PartsOptions, "encoder">> & Pick<PartsOptions, "encoder">>;

/** @throws where an option is missing, unknown or out of range. */
export function partsConfig(options: PartsOptions): PartsConfig {
  const { input, layers, readout, encoder, ...others } = options;
  expectKnown("Network of parts", options, ["input", "layers", "readout", "encoder", ...Object.keys(ofAny)]);
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
  const parts = completeParts({ input, layers, readout, ...(encoder && { encoder }) });
  const config = Object.freeze({ ...ofAny, ...given, ...parts });
  const { readout: placed } = architectureOf(config);
  expectLoss(config.loss, placed.outputs / placed.parts);
  expectWhole(config);
  expectPlainClasses(config);
  expectBeginnings(config);
  return config;
}

/** @throws where a part is missing, unknown or out of range, or does not go with another. */
function completeParts({ input, layers, readout, encoder }: Parts): Parts {
  const own = completeSequence("layer", { input, layers });
  const read = completeReadout(readout);
  if (read.tied) expectTied(input, own.layers.at(-1)!, read);
  if (read.adaptive) expectAdaptive(own.layers.at(-1)!, read, read.adaptive);
  if (encoder === undefined) return { ...own, readout: read };
  expectObject("encoder", encoder, "{ input, layers }");
  expectKnown("Network, encoder", encoder, ["input", "layers"]);
  const reads = completeSequence("encoder's layer", encoder);
  expectJoined(reads.layers, own.layers);
  return { ...own, readout: read, encoder: reads };
}

function completeSequence(name: string, { input, layers }: Encoder): Encoder {
  expectInput(input);
  if (!Array.isArray(layers))
    throw new TempogradError("option", `Network: layers is ${shown(layers)}, expected a list of layers.`);
  expectSize("Network", `the number of ${name}s`, layers.length, mostLayers);
  const complete = layers.map((layer, number) => completeLayer(layer, `${name} ${number}`));
  if (complete[0]!.dropout > 0 && input.kind === "tokens") {
    throw new TempogradError(
      "option",
      `Network: ${name} 0 has dropout of tokens, expected none; embed them, or leave it out.`,
    );
  }
  return { input, layers: complete };
}

/** @throws unless each layer of an encoder ends with the states that the layer in its place begins with. */
function expectJoined(encoder: readonly Layer[], layers: readonly Layer[]): void {
  const statesOf = (of: readonly Layer[]) =>
    of
      .map(
        (layer) =>
          `${layer.bidirectional ? "2 × " : ""}${1 + cellOf(layer).states} of ${layer.projection ?? layer.hidden} (${layer.hidden})`,
      )
      .join(", ");
  const one = ({ bidirectional, projection }: Layer) => !bidirectional && projection === undefined;
  if (![...encoder, ...layers].every(one) || statesOf(encoder) !== statesOf(layers)) {
    throw new TempogradError(
      "option",
      `Network: the encoder's layers have states ${statesOf(encoder)}, expected ${statesOf(layers)}, in one direction and unprojected, as what they are the beginning of; make its layers alike.`,
    );
  }
}

function expectObject(name: string, value: unknown, cure: string): void {
  if (typeof value === "object" && value !== null) return;
  throw new TempogradError("option", `Network: ${name} is ${shown(value)}, expected what ${cure} answers.`);
}

function expectInput(input: Input): void {
  expectObject("input", input, "tokens(), features() or embedding()");
  expectWord("Network", "the input's kind", input.kind, ["tokens", "features", "embedding"]);
  expectKnown("Network, input", input, ["kind", "tokens", "width", "sparse"]);
  const { kind, tokens, width, sparse = false } = input;
  expectSwitch("Network", `the ${kind}'s sparse`, sparse);
  expectSize("Network", `the ${kind}'s width`, width);
  if (kind !== "features") expectSize("Network", `the ${kind}'s count`, tokens);
  if (sparse && kind !== "embedding") {
    throw new TempogradError("option", `Network: sparse is true for ${kind}, expected an embedding; leave it out.`);
  }
  if (kind === "tokens" && tokens !== width) {
    throw new TempogradError(
      "option",
      `Network: the tokens are ${shown(tokens)} and as one-hot vectors ${width} wide, expected the same; use tokens().`,
    );
  }
}

function completeLayer(said: Layer, name: string): Layer {
  const at = `Network, ${name}`;
  expectObject(name, said, "lstm(), gru(), elman() or layer()");
  expectCell(said.cell);
  const choices = choicesOf(said);
  const defaults = Object.entries(choices).map(([name, [first]]) => [name, first]);
  const layer: Layer = {
    ...{ bidirectional: false, dropout: 0, bias: true },
    ...Object.fromEntries(defaults),
    ...given(said),
  };
  const options = ["cell", "hidden", "bidirectional", "dropout", "bias", "projection", "forgetBias"];
  expectKnown(`${at} of cell "${nameOfCell(layer)}"`, layer, [...options, ...Object.keys(choices)]);
  for (const [name, words] of Object.entries(choices)) expectWord(at, name, layer[name as keyof Layer], words);
  expectSize(at, "hidden", layer.hidden);
  expectShare(at, "dropout", layer.dropout);
  expectSwitch(at, "bidirectional", layer.bidirectional);
  expectSwitch(at, "bias", layer.bias);
  expectForgetBias(layer, layer.forgetBias);
  if (layer.forgetBias !== undefined && !layer.bias) {
    throw new TempogradError(
      "option",
      `${at}: forgetBias is ${layer.forgetBias} with bias false, expected none; leave one out.`,
    );
  }
  if (layer.projection !== undefined) expectProjection(at, layer);
  return layer;
}

function expectProjection(at: string, layer: Layer): void {
  expectSize(at, "projection", layer.projection, layer.hidden);
  const { candidate, unitParameters, recurrent } = cellOf(layer);
  if (candidate || unitParameters.length > 0 || recurrent !== "full") {
    throw new TempogradError(
      "option",
      `${at}: projection is ${layer.projection} for cell "${nameOfCell(layer)}", expected none; only cells whose gates all meet h by a full U have one, as LSTM and Elman.`,
    );
  }
}

/** An object without what is undefined. */
const given = <T extends object>(said: T): T =>
  Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as T;

function completeReadout(said: Readout): Readout {
  expectObject("readout", said, "everyStep(), lastStep(), everyHidden() or lastHidden()");
  const bare = said.outputs === "hidden";
  const readout = { ...{ bias: !bare, tied: false }, ...given(said) };
  expectWord("Network", "the readout's kind", readout.kind, ["every-step", "last-step"]);
  expectKnown("Network, readout", readout, ["kind", "outputs", "bias", "tied", "adaptive"]);
  if (!bare) expectSize("Network", "the readout's outputs", readout.outputs);
  expectSwitch("Network", "the readout's bias", readout.bias);
  expectSwitch("Network", "the readout's tied", readout.tied);
  if (bare && (readout.bias || readout.tied)) {
    throw new TempogradError(
      "option",
      `Network: the readout's ${readout.bias ? "bias" : "tied"} is true where its outputs are "hidden", expected false; h itself has no parameters: leave it out.`,
    );
  }
  return readout;
}

/** @throws where the classes of a loss are units of two directions, which lie apart. */
function expectWhole(config: PartsConfig): void {
  const { readout, loss } = architectureOf(config);
  if (loss.targets !== "classes" || readout.parts === 1) return;
  throw new TempogradError(
    "option",
    `Network: loss "${loss.name}" reads the hidden states of a bidirectional layer themselves, expected those of one direction; use everyStep() or lastStep() with as many outputs as classes.`,
  );
}

/** @throws unless outputs can be in such clusters. */
function expectAdaptive(
  { bidirectional, projection, hidden }: Layer,
  { kind, outputs, tied }: Readout,
  adaptive: AdaptiveOptions,
): void {
  const fail = (got: string, expected: string) => {
    throw new TempogradError("option", `Network: the readout's ${got}, expected ${expected}.`);
  };
  if (outputs === "hidden" || tied) fail("adaptive is given", "none where it is tied or hidden; leave one out");
  if (kind === "last-step" && bidirectional) {
    fail("adaptive is given after the last step of two directions", "every step or one direction; leave it out");
  }
  expectObject("the readout's adaptive", adaptive, "{ cutoffs }");
  expectKnown("Network, the readout's adaptive", adaptive, ["cutoffs", "divValue"]);
  const { cutoffs, divValue = 4 } = adaptive;
  const all: unknown = cutoffs;
  const ascends = (cutoff: unknown, i: number) =>
    Number.isInteger(cutoff) && (cutoff as number) > (cutoffs[i - 1] ?? 0);
  if (!Array.isArray(all) || all.length === 0 || !all.every(ascends) || all.at(-1) >= (outputs as number)) {
    const got = Array.isArray(all) ? listed(all) : shown(all);
    fail(`cutoffs are ${got}`, `one or more whole numbers between 0 and ${outputs}, ascending; leave out what is not`);
  }
  if (!(typeof divValue === "number" && divValue >= 1)) fail(`divValue is ${shown(divValue)}`, "a number from 1 up");
  const depth = (projection ?? hidden) * (bidirectional ? 2 : 1);
  const { tails } = clustersOf(adaptive, outputs as number, depth);
  const none = tails.findIndex(({ width }) => width < 1);
  if (none >= 0) {
    fail(
      `tail ${none} is ${depth} / ${divValue}^${none + 1} wide`,
      "1 or more; give fewer cutoffs, or a smaller divValue",
    );
  }
}

/** @throws where the loss of an adaptive readout is another than a plain cross-entropy. */
function expectPlainClasses(config: PartsConfig): void {
  const { readout, loss } = architectureOf(config);
  if (!readout.clusters || (loss.targets === "classes" && loss.labelSmoothing === 0 && !loss.classWeights)) return;
  const got = loss.targets === "classes" ? `${loss.name} with class weights or label smoothing` : loss.name;
  throw new TempogradError(
    "option",
    `Network: the loss of an adaptive readout is ${got}, expected crossEntropy() alone; leave adaptive out.`,
  );
}

/** @throws unless the output layer can use the embedding. */
function expectTied(input: Input, { bidirectional, projection, hidden }: Layer, { outputs }: Readout): void {
  const width = projection ?? hidden;
  if (input.sparse) {
    throw new TempogradError(
      "option",
      "Network: the readout is tied to a sparse embedding, expected one with a gradient of all its rows, which the readout's is; leave one out.",
    );
  }
  if (input.kind === "embedding" && input.tokens === outputs && input.width === width && !bidirectional) return;
  const got =
    input.kind === "embedding"
      ? `an embedding of ${input.tokens} tokens, ${input.width} wide`
      : `the input "${input.kind}"`;
  throw new TempogradError(
    "option",
    `Network: the readout is tied to ${got}, expected embedding(${outputs}, ${width}) and a last layer of one direction; make them so, or leave tied out.`,
  );
}
