// The plan of a pass: forward to the loss and, where wanted, back through time.

import type { Plan } from "../gpu/plan";
import type { PlannedGroup, PlannedTensor } from "../gpu/tensor";
import { lossRecord } from "../ops/loss-record";
import { type Architecture, architectureOf } from "../parts/architecture";
import { parameterShapes } from "../parts/parameter-shapes";
import { batchSpecs, batchTensors, mostTokens } from "./batch";
import type { NetworkConfig } from "./config";
import type { gradientSlabs } from "./gradient-slabs";
import type { Joints, joining } from "./joints";
import type { Layer } from "./layer";
import type { mixing } from "./mixed";
import type { PassOptions } from "./pass-options";
import { backwardHalf, forwardHalf, unlatched } from "./pass-sections";
import { expectWays, type PassWays } from "./pass-ways";
import { type AddLoss, lossOn } from "./readout";
import type { sortByTail } from "./sort-by-tail";
import { layerByLayer, type StackOptions } from "./stack";
import { inOne, inSegments, type Stretch } from "./stretch";

/** Every tensor of a pass by the name that the equations give it. */
export interface TensorsOfPass<Tensor> {
  /** [T + D, B, D·H] of each layer: slab t is h_t, slab 0 (reverse: T + 1) the initial state. `hidden` is the last's. */
  layers: Tensor[];
  hidden: Tensor;
  /** Of each layer and direction c [T + 1, B, H] in sweep order, slab 0 is c_0; of S states beside h [S·(T + 1), B, H]. */
  cellStates: Tensor[];
  /**
   * o [T, B, K] or [B, K], which past a sequence's end count nothing, and ŷ where wanted. Where o is h itself, it may be that of
   * the layer: read it alone. Of an adaptive readout ln ŷ, and with gradients o of its head alone.
   */
  logits: Tensor;
  probabilities?: Tensor;
  /**
   * The loss of run n, from 0, is at n mod lossCapacity; `recorded`, u32 [1], counts the runs. Of a network without a loss not
   * a number, and 0.
   */
  losses: Tensor;
  recorded: Tensor;
  /** In mixed precision with gradients, f32 [2]: the loss's scale, and how many steps there were since it last changed. */
  lossScaling?: Tensor;
  /** With gradients: do, or where o is h itself dL/dh of it, which of a network without a loss comes from outside; zero unless written. */
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
  /** Of parameters whose gradient is of some rows alone, by name: i32, which row each is of; −1 of none. */
  readonly gradientRows: Readonly<Record<string, PlannedTensor | undefined>>;
  /** With gradients of an adaptive readout: what batches are packed by. */
  readonly sortByTail: typeof sortByTail | undefined;
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
  readonly ways: PassWays;
  readonly dropped: StackOptions["dropped"];
  readonly joints: ReturnType<typeof joining> | undefined;
  /** Where it is of mixed precision; the parameters are then those that products read. */
  readonly mixed: ReturnType<typeof mixing> | undefined;
  /** x, where it is made outside. */
  readonly inputs: PlannedTensor | undefined;
}

/**
 * Lays a network out over batches of one size.
 * @param plan empty
 * @param options checked
 */
export function planPass(
  plan: Plan,
  config: NetworkConfig,
  parameters: Tensors,
  options: PassOptions,
  ways: PassWays,
): PassPlan {
  expectWays(config, options, ways);
  const { segments, stacking, dropout, states, carriedState, joints: joining, mixed: precisions } = ways;
  const { steps, batch: rows, checkpointEvery } = options;
  const wanted = Boolean(options.gradients || options.traceGradients);
  const architecture = architectureOf(config);
  const learning = specsToLearn(config, options, ways);
  const rowsByToken = wanted && meetsTokens(architecture, learning);
  const batch = plan.group<string>(
    "batch",
    batchTensors(batchSpecs(config, { ...options, rowsByToken, rowsByTail: wanted })),
    "uniform",
  );
  const { rowLoss, loss, ...ring } = lossesOn(plan, architecture, options);
  const summed = { steps: checkpointEvery ?? steps, batch: rows, accumulate: checkpointEvery !== undefined };
  const back = ways.gradients?.gradientSlabs(plan, config, learning, summed, loss, batch.tensors.step!);
  const mixed = precisions?.mixing(plan, parameters, back?.group);
  const carried = carriedState?.carrying(plan, config, options, back?.notFinite);
  const joints = joining?.joining(plan, config, rows, wanted);
  const x = [steps, rows, architecture.input.width];
  const inputs = options.ownInputs ? plan.tensor("inputs", x) : undefined;
  const layout: Layout = {
    ...{ plan, config, architecture, options, rowLoss, back, ways, joints, mixed, inputs },
    parameters: mixed?.parameters ?? parameters,
    batch: batch.tensors,
    addLoss: lossOn(plan, architecture.loss, architecture.readout.outputs, ways),
    dropped: dropout && { step: batch.tensors.step!, seed: architecture.seed },
  };
  const stretch =
    checkpointEvery && segments ? inSegments(layout, segments.segmented) : inOne(layout, stacking ?? layerByLayer);
  const { layers } = stretch;

  plan.section(forwardHalf, () => {
    if (back) plan.section(unlatched, () => plan.clear(back.notFinite, 4));
    mixed?.begin();
    stretch.begin();
    states?.copyStates(plan, layers, "initial", states.statesIn((carried?.state ?? batch).tensors));
    carried?.reset(layers, batch.tensors);
    joints?.begin(layers);
    stretch.forward(() => carried?.end(layers));
    joints?.end(layers);
    if (!back && loss) lossRecord(plan, loss);
  });
  plan.section(backwardHalf, () => {
    stretch.backward();
    back?.finish();
    mixed?.finish();
    carried?.keep(layers);
  });

  return {
    ...{ plan, layers, batch },
    notFinite: back?.notFinite,
    gradients: back?.group,
    sortByTail: ways.adaptive?.sortByTail,
    gradientRows: {
      embeddingWeight: batch.tensors.tokenRows,
      "encoder.embeddingWeight": batch.tensors.sourceRows,
    },
    state: carried?.state,
    joints: joints?.groups ?? {},
    tensors: {
      ...tensorsOf(stretch, options),
      ...ring,
      ...(inputs && { inputs }),
      ...(mixed?.scaling && { lossScaling: mixed.scaling }),
    },
  };
}

/** Where losses go: of each row, and in a ring with the count of runs, into which `loss` is recorded where there is one. */
function lossesOn(plan: Plan, { readout, loss }: Architecture, { steps, batch, lossCapacity = 1 }: PassOptions) {
  const losses = plan.tensor("losses", [lossCapacity]);
  const recorded = plan.tensor("recorded", [1], { type: "u32" });
  const rowLoss = plan.tensor("rowLoss", [readout.kind === "every-step" ? steps * batch : batch]);
  const measured = loss.targets !== "none";
  if (!measured) plan.fill(losses, () => new Float32Array(lossCapacity).fill(Number.NaN));
  return { rowLoss, losses, recorded, loss: measured ? { rowLoss, recorded, ring: losses } : undefined };
}

/** What of the way through time is read, by name. */
function tensorsOf({ layers, logits, probabilities, dLogits, dInputs }: Stretch, { traceGradients }: PassOptions) {
  const directions = layers.flatMap((layer) => layer.directions);
  return {
    layers: layers.map((layer) => layer.hidden),
    hidden: layers.at(-1)!.hidden,
    cellStates: directions.flatMap(({ cellState }) => cellState ?? []),
    logits,
    ...(probabilities && { probabilities }),
    ...(dLogits && { dLogits }),
    ...(dInputs && { dInputs }),
    ...(traceGradients && { dHidden: directions.map(({ dHidden }) => dHidden!) }),
  };
}

/** What the gradients of the parameters that learn are like, by name: of a sparse embedding, of the tokens that occur. */
function specsToLearn(config: NetworkConfig, options: PassOptions, ways: PassWays) {
  const shapes = parameterShapes(config);
  const all = Object.keys(shapes);
  const names = ways.trainable?.trainableOf("Pass", options.trainable, all) ?? all;
  const { encoder, ...own } = architectureOf(config);
  const { steps, batch, sourceSteps = 1 } = options;
  for (const [sequence, rows] of [
    [own, steps * batch],
    [encoder, sourceSteps * batch],
  ] as const) {
    if (!sequence?.input.sparse) continue;
    const { input, prefix } = sequence;
    const name = `${prefix}embeddingWeight`;
    shapes[name] = { ...shapes[name]!, shape: [mostTokens(input, rows), input.width] };
  }
  return Object.fromEntries(names.map((name) => [name, shapes[name]!]));
}

/** Whether the gradient of something that meets tokens is wanted: of an embedding, or the lowest layer's W. */
const meetsTokens = ({ layers, encoder }: Architecture, learning: object): boolean =>
  Object.keys(learning).some((name) => name.endsWith("embeddingWeight")) ||
  [layers[0], encoder?.layers[0]].some((layer) => layer?.names.some((name) => `${name}inputWeight` in learning));
