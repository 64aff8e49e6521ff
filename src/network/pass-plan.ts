// The plan of a pass: forward to the loss and, where wanted, back through time.

import type { Plan } from "../gpu/plan";
import type { PlannedGroup, PlannedTensor } from "../gpu/tensor";
import { lossRecord } from "../ops/loss-record";
import { batchSpecs, onlyRow } from "./batch";
import { directionsOf, type NetworkConfig } from "./config";
import { gradientSlabs } from "./gradient-slabs";
import type { Layer } from "./layer";
import { checkPassOptions, type PassOptions, unlatched } from "./pass-options";
import { expectWays, type PassWays } from "./pass-ways";
import { outputLayer, readoutBackward, readoutForward, weighting } from "./readout";
import type { segmented } from "./segments";
import { layerByLayer, type Stacking } from "./stack";
import { clearStates, copyAllStates } from "./states";

/** Every tensor of a pass by the name that the equations give it. */
export interface TensorsOfPass<Tensor> {
  /** [T + D, B, D·H] of each layer: slab t is h_t, slab 0 (reverse: T + 1) the initial state. `hidden` is the last's. */
  layers: Tensor[];
  hidden: Tensor;
  /** Of each layer and direction c [T + 1, B, H] in sweep order, slab 0 is c_0; of S states beside h [S·(T + 1), B, H]. */
  cellStates: Tensor[];
  /** o [T, B, K] or [B, K], and ŷ where wanted */
  logits: Tensor;
  probabilities?: Tensor;
  /** The loss of run n, from 0, is at n mod lossCapacity; `recorded`, u32 [1], counts the runs. */
  losses: Tensor;
  recorded: Tensor;
  /** With gradients: do. */
  dLogits?: Tensor;
  /** Where traced: dL/dh by all paths [T + 1, B, H] of each layer and direction, in sweep order, slab 0 for h_0. */
  dHidden?: Tensor[];
  /** Where traced: dL/dx [T, B, I]. */
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
  /** With gradients: one buffer with a gradient for each parameter, laid out as the parameters are. */
  readonly gradients: PlannedGroup | undefined;
  /** With carryState: the state that the last run ended with. */
  readonly state: PlannedGroup | undefined;
}

type Tensors = Readonly<Record<string, PlannedTensor>>;

/** What the parts of a pass are laid out with. */
interface Layout {
  readonly plan: Plan;
  readonly config: NetworkConfig;
  readonly parameters: Tensors;
  readonly options: PassOptions;
  readonly batch: Readonly<Record<string, PlannedTensor | undefined>>;
  readonly rowLoss: PlannedTensor;
  readonly back: ReturnType<typeof gradientSlabs> | undefined;
  readonly dropout: PassWays["dropout"];
  readonly scan: PassWays["scan"];
  readonly valueLoss: PassWays["valueLoss"];
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
  { segmented, stacking, dropout, scan, carrying, valueLoss }: PassWays = {},
): PassPlan {
  checkPassOptions(config, options);
  expectWays(config, options, { segmented, dropout, scan, carrying, valueLoss });
  const { steps, batch: rows, traceGradients = false, gradients = false, lossCapacity = 1, checkpointEvery } = options;
  const wanted = gradients || traceGradients;
  const batch = plan.group<string>("batch", { ...batchSpecs(config, { ...options, rowsByToken: wanted }) }, "uniform");
  const losses = plan.tensor("losses", [lossCapacity]);
  const recorded = plan.tensor("recorded", [1], { type: "u32" });
  const rowLoss = plan.tensor("rowLoss", [config.readout === "every-step" ? steps * rows : rows]);
  const loss = { rowLoss, recorded, ring: losses };
  const summed = { steps: checkpointEvery ?? steps, batch: rows, accumulate: checkpointEvery !== undefined };
  const back = wanted ? gradientSlabs(plan, config, summed, loss, batch.tensors.step!) : undefined;
  const carried = carrying?.(plan, config, options, back?.notFinite);
  const layout = { plan, config, parameters, options, batch: batch.tensors, rowLoss, back, dropout, scan, valueLoss };
  const stretch =
    checkpointEvery && segmented ? inSegments(layout, segmented) : inOne(layout, stacking ?? layerByLayer);
  const { layers } = stretch;
  const from = carried?.state ?? batch;
  const final = () => carried?.end(layers);

  if (back) plan.section(unlatched, () => plan.clear(back.notFinite, 4));
  stretch.begin();
  copyAllStates(plan, layers, "initial", from);
  carried?.reset(layers, batch.tensors);
  stretch.run(final);
  if (back) back.finish();
  else lossRecord(plan, loss);
  carried?.keep(layers);

  const directions = layers.flatMap((layer) => layer.directions);
  const { logits, probabilities, dLogits, dInputs } = stretch;
  return {
    plan,
    layers,
    batch,
    notFinite: back?.notFinite,
    gradients: back?.group,
    state: carried?.state,
    tensors: {
      layers: layers.map((layer) => layer.hidden),
      hidden: layers.at(-1)!.hidden,
      cellStates: directions.flatMap(({ cellState }) => cellState ?? []),
      logits,
      losses,
      recorded,
      ...(probabilities && { probabilities }),
      ...(dLogits && { dLogits }),
      ...(dInputs && { dInputs, dHidden: directions.map(({ dHidden }) => dHidden!) }),
    },
  };
}

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
  run(final: () => void): void;
}

/** All steps at once. */
function inOne(layout: Layout, { createStack, stackForward, stackBackward }: Stacking): Stretch {
  const { plan, config, parameters, options, batch, rowLoss, back, dropout, scan, valueLoss } = layout;
  const { steps, batch: rows, traceGradients = false } = options;
  const schedule = options.schedule === "wavefront" ? undefined : options.schedule; // that one is in the stacking
  const { tokenStart, tokenOrder } = batch;
  const lengths = onlyRow(batch.lengths!);
  // What is timed before there is a batch is then as real.
  plan.fill(lengths, () => new Int32Array(rows).fill(steps));
  const dInputs = traceGradients ? plan.tensor("dInputs", [steps, rows, config.inputs]) : undefined;
  const layers = createStack(plan, config, parameters, batch.inputs!, lengths, {
    steps,
    batch: rows,
    schedule,
    gradients: back !== undefined,
    traceGradients,
    scan,
    dropped: dropout && { ops: dropout, step: batch.step! },
    rowsByToken: tokenStart && tokenOrder && { tokenStart: onlyRow(tokenStart), tokenOrder: onlyRow(tokenOrder) },
  });
  const output = outputLayer(plan, config, parameters, layers.at(-1)!);
  const { logits } = output;
  const like = (name: string, want: unknown) => (want ? plan.tensor(name, logits.shape) : undefined);
  const probabilities = like("probabilities", options.probabilities && config.loss === "cross-entropy");
  const dLogits = like("dLogits", back);
  const { targets, lossScale } = batch;
  const readout = {
    ...output,
    ...{ targets: targets!, lengths, lossScale: lossScale!, weighting: weighting(plan, config), valueLoss },
    ...{ rowLoss, probabilities, dLogits },
  };
  return {
    ...{ layers, logits, probabilities, dLogits, dInputs },
    begin() {},
    run(final) {
      stackForward(plan, layers);
      readoutForward(plan, config.loss, readout);
      if (dLogits && back) {
        const parts = directionsOf(config);
        const dOutput = plan.tensor("dOutput", [...logits.shape.slice(0, -1), parts * config.hidden], { parts });
        const ofOutput = { outputWeight: back.slabs("outputWeight"), outputBias: back.slabs("outputBias") };
        readoutBackward(plan, readout, { dLogits, dOutput, ...ofOutput });
        stackBackward(plan, layers, dOutput, back.slabs, dInputs);
      }
      final();
    },
  };
}

/** A segment of time after the other, and each again on the way back. */
function inSegments(layout: Layout, make: typeof segmented): Stretch {
  const { plan, config, parameters, options, batch, rowLoss, back, dropout, scan, valueLoss } = layout;
  const { steps, batch: rows, checkpointEvery } = options;
  const schedule = options.schedule === "wavefront" ? undefined : options.schedule;
  const size = { steps, batch: rows, checkpointEvery: checkpointEvery!, schedule, dropout, scan, valueLoss };
  const all = make(plan, config, parameters, batch as Tensors, size, rowLoss, back!);
  return {
    ...all,
    begin() {
      clearStates(plan, all.layers);
      all.clear();
    },
  };
}
