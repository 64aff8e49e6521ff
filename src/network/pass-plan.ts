// The plan of a pass: forward to the loss and, where wanted, back through time.

import type { Plan } from "../gpu/plan";
import type { PlannedGroup, PlannedTensor } from "../gpu/tensor";
import { lossRecord } from "../ops/loss-record";
import { type Architecture, architectureOf } from "../parts/architecture";
import { batchSpecs, batchTensors, onlyRow } from "./batch";
import type { NetworkConfig } from "./config";
import { gradientSlabs } from "./gradient-slabs";
import { inputStage } from "./input";
import type { Joints, joining } from "./joints";
import type { Layer } from "./layer";
import { parameterShapes } from "./parameters";
import { backwardHalf, checkPassOptions, forwardHalf, type PassOptions, unlatched } from "./pass-options";
import { expectWays, type PassWays } from "./pass-ways";
import { type AddLoss, lossOn, outputForward, outputLayer, readoutBackward } from "./readout";
import type { segmented } from "./segments";
import { layerByLayer, lowestToLearn, type Stacking, type StackOptions } from "./stack";
import { clearStates, copyStates, statesIn } from "./states";
import { trainableOf } from "./trainable";

/** Every tensor of a pass by the name that the equations give it. */
export interface TensorsOfPass<Tensor> {
  /** [T + D, B, D·H] of each layer: slab t is h_t, slab 0 (reverse: T + 1) the initial state. `hidden` is the last's. */
  layers: Tensor[];
  hidden: Tensor;
  /** Of each layer and direction c [T + 1, B, H] in sweep order, slab 0 is c_0; of S states beside h [S·(T + 1), B, H]. */
  cellStates: Tensor[];
  /** o [T, B, K] or [B, K], which past a sequence's end count nothing, and ŷ where wanted */
  logits: Tensor;
  probabilities?: Tensor;
  /**
   * The loss of run n, from 0, is at n mod lossCapacity; `recorded`, u32 [1], counts the runs. Of a network without a loss not
   * a number, and 0.
   */
  losses: Tensor;
  recorded: Tensor;
  /** With gradients: do, which of a network without a loss comes from outside; zero unless written. */
  dLogits?: Tensor;
  /** Where traced: dL/dh by all paths [T + 1, B, H] of each layer and direction, in sweep order, slab 0 for h_0. */
  dHidden?: Tensor[];
  /** With ownInputs: x [T, B, I], zero unless written. */
  inputs?: Tensor;
  /** Where traced, and with ownInputs and gradients: dL/dx [T, B, I]. */
  dInputs?: Tensor;
}

/** What of a pass the host writes and reads. */
export interface PassPlan {
  readonly plan: Plan;
  readonly tensors: TensorsOfPass<PlannedTensor>;
  readonly layers: readonly Layer[];
  /** One buffer with the batch and its scalars. */
  readonly batch: PlannedGroup;
  /** With gradients, u32 [1]: the training step of a run whose loss or gradients are not finite, else 0. */
  readonly notFinite: PlannedTensor | undefined;
  /** With gradients: one buffer with a gradient for each parameter that learns, in the order of the parameters. */
  readonly gradients: PlannedGroup | undefined;
  /** With carryState: the state that the last run ended with. */
  readonly state: PlannedGroup | undefined;
  /** Where it is joined. */
  readonly joints: Joints<PlannedGroup>;
}

type Tensors = Readonly<Record<string, PlannedTensor>>;

/** What the parts of a pass are laid out with. */
export interface Layout {
  readonly plan: Plan;
  readonly config: NetworkConfig;
  readonly architecture: Architecture;
  readonly parameters: Tensors;
  readonly options: PassOptions;
  /** The whole batch, as `batchSpecs` has it. */
  readonly batch: Readonly<Record<string, PlannedTensor | undefined>>;
  /** [rows], out */
  readonly rowLoss: PlannedTensor;
  /** Where gradients are added up. */
  readonly back: ReturnType<typeof gradientSlabs> | undefined;
  readonly addLoss: AddLoss | undefined;
  readonly ways: Pick<StackOptions, "dropped" | "projection" | "scan"> & Pick<PassWays, "encoding" | "lengthMask">;
  readonly joints: ReturnType<typeof joining> | undefined;
  /** x, where it is made outside. */
  readonly inputs: PlannedTensor | undefined;
}

/**
 * Lays a network out over batches of one size.
 * @param plan empty
 * @throws where an option is unknown or out of range, or does not go with another.
 */
export function planPass(
  plan: Plan,
  config: NetworkConfig,
  parameters: Tensors,
  options: PassOptions,
  { stacking, ...others }: PassWays = {},
): PassPlan {
  checkPassOptions(config, options);
  expectWays(config, options, others);
  const { segmented, dropout, scan, projection, encoding, carrying, joining, valueLoss, lengthMask, ownInputs } =
    others;
  const { steps, batch: rows, traceGradients = false, gradients = false, lossCapacity = 1, checkpointEvery } = options;
  const wanted = gradients || traceGradients;
  const architecture = architectureOf(config);
  const learning = specsToLearn(config, options.trainable);
  const rowsByToken = wanted && meetsTokens(architecture, learning);
  const specs = batchTensors(batchSpecs(config, { ...options, rowsByToken }));
  const batch = plan.group<string>("batch", specs, "uniform");
  const losses = plan.tensor("losses", [lossCapacity]);
  const recorded = plan.tensor("recorded", [1], { type: "u32" });
  const rowLoss = plan.tensor("rowLoss", [architecture.readout.kind === "every-step" ? steps * rows : rows]);
  const loss = architecture.loss.targets === "none" ? undefined : { rowLoss, recorded, ring: losses };
  if (!loss) plan.fill(losses, () => new Float32Array(lossCapacity).fill(Number.NaN)); // nobody measures one
  const summed = { steps: checkpointEvery ?? steps, batch: rows, accumulate: checkpointEvery !== undefined };
  const back = wanted ? gradientSlabs(plan, config, learning, summed, loss, batch.tensors.step!) : undefined;
  const carried = carrying?.(plan, config, options, back?.notFinite);
  const joints = joining?.(plan, config, rows, wanted);
  const inputs = ownInputs?.(plan, config, options);
  const addLoss = lossOn(plan, architecture.loss, architecture.readout.outputs, valueLoss);
  const ways = {
    ...(dropout && { dropped: { ops: dropout, step: batch.tensors.step!, seed: architecture.seed } }),
    ...{ projection, scan, encoding, lengthMask },
  };
  const layout = {
    plan,
    config,
    architecture,
    parameters,
    options,
    batch: batch.tensors,
    rowLoss,
    back,
    addLoss,
    ways,
    joints,
    inputs,
  };
  const stretch =
    checkpointEvery && segmented ? inSegments(layout, segmented) : inOne(layout, stacking ?? layerByLayer);
  const { layers } = stretch;

  plan.section(forwardHalf, () => {
    if (back) plan.section(unlatched, () => plan.clear(back.notFinite, 4));
    stretch.begin();
    copyStates(plan, layers, "initial", statesIn((carried?.state ?? batch).tensors));
    carried?.reset(layers, batch.tensors);
    joints?.begin(layers);
    stretch.forward(() => carried?.end(layers));
    joints?.end(layers);
    if (!back && loss) lossRecord(plan, loss);
  });
  plan.section(backwardHalf, () => {
    stretch.backward();
    back?.finish();
    carried?.keep(layers);
  });

  const directions = layers.flatMap((layer) => layer.directions);
  const { logits, probabilities, dLogits, dInputs } = stretch;
  return {
    plan,
    layers,
    batch,
    notFinite: back?.notFinite,
    gradients: back?.group,
    state: carried?.state,
    joints: joints?.groups ?? {},
    tensors: {
      layers: layers.map((layer) => layer.hidden),
      hidden: layers.at(-1)!.hidden,
      cellStates: directions.flatMap(({ cellState }) => cellState ?? []),
      logits,
      losses,
      recorded,
      ...(probabilities && { probabilities }),
      ...(dLogits && { dLogits }),
      ...(inputs && { inputs }),
      ...(dInputs && { dInputs }),
      ...(traceGradients && { dHidden: directions.map(({ dHidden }) => dHidden!) }),
    },
  };
}

/** What the parameters that learn are like, by name. */
function specsToLearn(config: NetworkConfig, trainable: PassOptions["trainable"]) {
  const shapes = parameterShapes(config);
  const names = trainableOf("Pass", trainable, Object.keys(shapes));
  return Object.fromEntries(names.map((name) => [name, shapes[name]!]));
}

/** Whether the gradient of something that meets tokens is wanted: of an embedding, or the lowest layer's W. */
const meetsTokens = ({ layers, encoder }: Architecture, learning: object): boolean =>
  Object.keys(learning).some((name) => name.endsWith("embeddingWeight")) ||
  [layers[0], encoder?.layers[0]].some((layer) => layer?.names.some((name) => `${name}inputWeight` in learning));

/** A way through time. */
interface Stretch {
  readonly layers: readonly Layer[];
  readonly logits: PlannedTensor;
  readonly probabilities?: PlannedTensor | undefined;
  readonly dLogits?: PlannedTensor | undefined;
  readonly dInputs?: PlannedTensor | undefined;
  /** Adds what comes before the initial states are there. */
  begin(): void;
  /** @param final adds what is done with the states at the end. */
  forward(final: () => void): void;
  backward(): void;
}

/** All steps at once. */
function inOne(layout: Layout, { createStack, stackForward, stackBackward }: Stacking): Stretch {
  const { plan, architecture, parameters, options, batch, rowLoss, back, addLoss, ways, joints, inputs } = layout;
  const { steps, batch: rows, traceGradients = false } = options;
  const schedule = options.schedule === "wavefront" ? undefined : options.schedule; // that one is in the stacking
  const { tokenStart, tokenOrder, weights } = batch;
  const lengths = onlyRow(batch.lengths!);
  // What is timed before there is a batch is then as real.
  plan.fill(lengths, () => new Int32Array(rows).fill(steps));
  const rowsByToken = tokenStart && tokenOrder && { tokenStart: onlyRow(tokenStart), tokenOrder: onlyRow(tokenOrder) };
  const input = inputStage(plan, architecture, parameters, inputs ?? batch.inputs!, rowsByToken, back?.slabs);
  const encoder = architecture.encoder && ways.encoding!(layout, architecture.encoder);
  const wanted = traceGradients || (inputs && back);
  const dInputs = wanted || input.learns ? plan.tensor("dInputs", [steps, rows, architecture.input.width]) : undefined;
  const layers = createStack(plan, architecture, parameters, input.x, lengths, {
    ...{ steps, batch: rows, schedule, traceGradients, rowsByToken: input.rowsByToken },
    ...ways,
    ...((encoder?.learns || joints) && { continued: true, reachesBeyond: true }),
    gradients: back !== undefined,
  });
  const output = outputLayer(plan, architecture, parameters, layers.at(-1)!);
  const { logits, readShape } = output;
  const like = (name: string, want: unknown) => (want ? plan.tensor(name, logits.shape) : undefined);
  const probabilities = like("probabilities", options.probabilities && architecture.loss.targets === "classes");
  const dLogits = like("dLogits", back);
  const { targets, lossScale } = batch;
  return {
    ...{ layers, logits, probabilities, dLogits, dInputs: wanted ? dInputs : undefined },
    begin() {
      encoder?.read();
      encoder?.hand(layers);
    },
    forward(final) {
      input.forward();
      stackForward(plan, layers);
      outputForward(plan, output);
      const read = { targets: targets!, weights, lengths, lossScale: lossScale! };
      addLoss?.(plan, logits, { ...read, rowLoss, probabilities, dLogits });
      final();
    },
    backward() {
      if (!back) return;
      const { slabs } = back;
      const reached = dInputs || lowestToLearn(layers, slabs) < layers.length;
      const top = { parts: architecture.layers.at(-1)!.directions };
      const dOutput = reached ? plan.tensor("dOutput", readShape, top) : undefined;
      if (dLogits) ways.lengthMask?.(plan, { label: "do = 0 past the end", values: dLogits, lengths });
      if (dLogits) readoutBackward(plan, output, { dLogits, dOutput, slabs });
      encoder?.clear(layers);
      joints?.enter(layers);
      if (dOutput) stackBackward(plan, layers, dOutput, slabs, dInputs);
      input.backward(dInputs, slabs, architecture.readout.tied);
      encoder?.backward(layers);
      joints?.leave(layers);
    },
  };
}

/** A segment of time after the other, and each again on the way back. */
function inSegments(layout: Layout, make: typeof segmented): Stretch {
  const all = make(layout);
  return {
    ...all,
    begin() {
      clearStates(layout.plan, all.layers);
      all.clear();
    },
    forward: all.run,
    backward() {}, // it goes back segment by segment
  };
}
