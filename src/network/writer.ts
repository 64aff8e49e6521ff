// What writes on for `generate`: a step of the network that reads what the one before it wrote, for several rows at once.

import { readbackBytes, type Tensor, whole, writeTensor } from "../gpu/tensor";
import { finiteCheck } from "../ops/finite-check";
import { sample, sampleSettings, settingsSpec } from "../ops/sample";
import { architectureOf } from "../parts/architecture";
import { dataSpec } from "./batch";
import { columnsOf } from "./columns";
import { planInference } from "./inference";
import type { Network } from "./network";
import { loadWays } from "./pass-ways";
import type { States } from "./read-states";
import { emptyStates, partsOfStates } from "./state-rows";
import { stateSpecs } from "./state-specs";
import { copyStates, statesIn } from "./states";

/** The section of what is done before the first token alone. */
export const first = "first";

/** What a writer has room for: rows side by side, tokens of each, and steps of a source. */
interface WriterSize {
  readonly batch: number;
  readonly room: number;
  readonly sourceSteps: number;
}

export async function writerOf(network: Network, { batch, room, sourceSteps }: WriterSize) {
  const { gpu, config } = network;
  const { parameters } = network.programs;
  const plan = network.programs.plan("generate");
  const { settings } = plan.group("settings", { settings: settingsSpec }, "uniform").tensors;
  const tokens = plan.tensor("tokens", [room, batch], { type: "i32" });
  const position = plan.tensor("position", [batch], { type: "u32" });
  const notFinite = plan.tensor("notFinite", [1], { type: "u32" });
  const staging = plan.buffer("readback", readbackBytes([tokens, notFinite]), "readback");
  const state = plan.group<string>("state", stateSpecs(config, batch));
  const ways = await loadWays(gpu.traits, config, { steps: 1, batch }, false);
  const { encoder } = architectureOf(config);
  const specs = encoder && {
    source: dataSpec(encoder.input, sourceSteps, batch),
    sourceLengths: { shape: [batch], type: "i32" } as const,
  };
  const read = specs && plan.group("source", specs).tensors;
  plan.section(first, () => {
    for (const { buffer } of [position, notFinite]) plan.clear({ buffer, offset: 0 }, buffer.size);
    finiteCheck(plan, { tensor: whole(parameters, "parameters"), notFinite });
    if (!encoder || !read) return;
    const options = { steps: 1, sourceSteps, batch };
    const layout = { plan, parameters: parameters.tensors, options, batch: read, ways };
    const reads = ways.encoders!.encoding(layout, encoder);
    reads.read();
    const given = statesIn(state.tensors);
    copyStates(plan, reads.layers, "final", (name) => given(name.slice(encoder.prefix.length)));
  });
  const { inputs, outputs } = planInference(plan, config, parameters.tensors, { batch }, ways, state);
  const logits = { ...outputs, shape: [batch, architectureOf(config).readout.outputs] };
  sample(plan, { logits, settings, position, tokens, next: inputs, notFinite });
  const program = await network.programs.realise(plan, "generate", "generation");
  const own = { settings: program.tensor(settings), tokens: program.tensor(tokens), next: program.tensor(inputs) };
  const states = Object.values(program.group(state).tensors);
  const reading = read && [program.tensor(read.source), program.tensor(read.sourceLengths)];
  return {
    program,
    /** From one place up to another, of all rows. */
    tokens: (from: number, to: number) => slice(own.tokens, from * batch, to * batch),
    notFinite: program.tensor(notFinite),
    staging: program.buffer(staging),
    /** Puts there what is to be written on: of each row the same, but for what its encoder reads. */
    begin(
      prompt: ArrayLike<number>,
      sources: readonly ArrayLike<number>[],
      initial: States | undefined,
      how: Omit<Parameters<typeof sampleSettings>[0], "prompt">,
    ): void {
      const given = partsOfStates(config, initial ?? emptyStates(config, batch), batch);
      for (const [i, tensor] of states.entries()) writeTensor(gpu, tensor, given[i]!);
      if (reading && encoder) {
        const { tokens, width } = encoder.input;
        const size = { steps: sourceSteps, batch, width: tokens === undefined ? width : 1 };
        const { inputs, lengths } = columnsOf(sources, tokens !== undefined, size);
        for (const [i, data] of [inputs, lengths].entries()) writeTensor(gpu, reading[i]!, data);
      }
      writeTensor(gpu, own.settings, sampleSettings({ ...how, prompt: prompt.length }));
      const rows = Int32Array.from({ length: prompt.length * batch }, (_, i) => prompt[Math.floor(i / batch)]!);
      writeTensor(gpu, slice(own.tokens, 0, rows.length), rows);
      writeTensor(gpu, own.next, rows.subarray(0, batch));
    },
    destroy: () => program.destroy(),
  };
}

/** Elements of a tensor, from one up to another. */
const slice = (tokens: Tensor, from: number, to: number): Tensor => ({
  ...tokens,
  ...{ shape: [to - from], offset: tokens.offset + 4 * from, size: 4 * (to - from) },
});
