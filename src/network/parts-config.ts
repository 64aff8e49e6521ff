// What a user says of a network's parts, checked and completed.

import { cellOf, choicesOf, type NamedCell, nameOfCell } from "../cells/cells";
import type { Parts } from "../parts/architecture";
import type { Input } from "../parts/inputs";
import type { Layer } from "../parts/layers";
import type { Readout } from "../parts/readouts";
import { expectKnown, expectShare, expectSize, expectSwitch, expectWord, shown } from "./expect";

/** @throws where a part is missing, unknown or out of range, or does not go with another. */
export function completeParts({ input, layers, readout }: Parts): Pick<Parts, "input" | "layers" | "readout"> {
  expectInput(input);
  const complete = layers.map((layer, number) => completeLayer(layer, number));
  const read = completeReadout(readout);
  if ((layers[0]?.dropout ?? 0) > 0 && input.kind === "tokens") {
    throw new Error("Network: layer 0 has dropout of tokens, expected none; embed them, or leave it out.");
  }
  if (read.tied) expectTied(input, complete.at(-1)!, read);
  return { input, layers: complete, readout: read };
}

/** @throws unless a forget gate is there to take the bias. */
export function expectForgetBias(cell: NamedCell, forgetBias: unknown): void {
  if (forgetBias !== undefined && cellOf(cell).forgetGate === undefined) {
    throw new Error(
      `Network: forgetBias is ${shown(forgetBias)} for cell "${nameOfCell(cell)}", expected none; that cell has no forget gate: leave it out.`,
    );
  }
  if (forgetBias !== undefined && !Number.isFinite(forgetBias)) {
    throw new Error(`Network: forgetBias is ${shown(forgetBias)}, expected a finite number.`);
  }
}

function expectObject(name: string, value: unknown, cure: string): void {
  if (typeof value === "object" && value !== null) return;
  throw new Error(`Network: ${name} is ${shown(value)}, expected what ${cure} answers.`);
}

function expectInput(input: Input): void {
  expectObject("input", input, "tokens(), features() or embedding()");
  expectWord("Network", "the input's kind", input.kind, ["tokens", "features", "embedding"]);
  expectKnown("Network, input", input, ["kind", "tokens", "width"]);
  const { kind, tokens, width } = input;
  expectSize("Network", `the ${kind}'s width`, width);
  if (kind !== "features") expectSize("Network", `the ${kind}'s count`, tokens);
  if (kind === "tokens" && tokens !== width) {
    throw new Error(
      `Network: the tokens are ${shown(tokens)} and as one-hot vectors ${width} wide, expected the same; use tokens().`,
    );
  }
}

function completeLayer(said: Layer, number: number): Layer {
  const at = `Network, layer ${number}`;
  expectObject(`layer ${number}`, said, "lstm(), gru(), elman() or layer()");
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
    throw new Error(`${at}: forgetBias is ${layer.forgetBias} with bias false, expected none; leave one out.`);
  }
  if (layer.projection !== undefined) expectProjection(at, layer);
  return layer;
}

function expectProjection(at: string, layer: Layer): void {
  expectSize(at, "projection", layer.projection, layer.hidden);
  const { candidate, unitParameters, recurrent } = cellOf(layer);
  if (candidate || unitParameters.length > 0 || recurrent !== "full") {
    throw new Error(
      `${at}: projection is ${layer.projection} for cell "${nameOfCell(layer)}", expected none; only cells whose gates all meet h by a full U have one, as LSTM and Elman.`,
    );
  }
}

/** An object without what is undefined. */
const given = <T extends object>(said: T): T =>
  Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as T;

function completeReadout(said: Readout): Readout {
  expectObject("readout", said, "everyStep() or lastStep()");
  const readout = { ...{ bias: true, tied: false }, ...given(said) };
  expectWord("Network", "the readout's kind", readout.kind, ["every-step", "last-step"]);
  expectKnown("Network, readout", readout, ["kind", "outputs", "bias", "tied"]);
  expectSize("Network", "the readout's outputs", readout.outputs);
  expectSwitch("Network", "the readout's bias", readout.bias);
  expectSwitch("Network", "the readout's tied", readout.tied);
  return readout;
}

/** @throws unless the output layer can use the embedding. */
function expectTied(input: Input, { bidirectional, projection, hidden }: Layer, { outputs }: Readout): void {
  const width = projection ?? hidden;
  if (input.kind === "embedding" && input.tokens === outputs && input.width === width && !bidirectional) return;
  const got =
    input.kind === "embedding"
      ? `an embedding of ${input.tokens} tokens, ${input.width} wide`
      : `the input "${input.kind}"`;
  throw new Error(
    `Network: the readout is tied to ${got}, expected embedding(${outputs}, ${width}) and a last layer of one direction; make them so, or leave tied out.`,
  );
}
