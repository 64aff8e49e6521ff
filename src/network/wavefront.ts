// One more way through the layers of a stack: all at once, where that is forced, or measured to be faster. Loaded where
// either may be.

import { isScanned } from "../cells/cell";
import { cellOf } from "../cells/cells";
import type { Plan } from "../gpu/plan";
import { layoutOf, type PlannedTensor, type TensorSpec } from "../gpu/tensor";
import type { DeviceTraits } from "../gpu/traits";
import { wavefrontBackward, wavefrontForward, widestTogether } from "../ops/wavefront";
import { type Architecture, architectureOf } from "../parts/architecture";
import type { NetworkConfig } from "./config";
import { type Layer, layerForward, oneHotOf } from "./layer";
import type { PassOptions } from "./pass-options";
import { layerByLayer, lowestToLearn, type Stacking } from "./stack";

/** The ways through the layers; undefined where they cannot go at once. @throws where they cannot and must. */
export function wavefrontOf(traits: DeviceTraits, config: NetworkConfig, options: PassOptions): Stacking | undefined {
  const architecture = architectureOf(config);
  const { layers: stacked, input } = architecture;
  const { length: count } = stacked;
  const lowest = stacked[0]!;
  const { hidden: width } = lowest;
  const { steps, batch, training, checkpointEvery } = options;
  const cell = cellOf(lowest);
  const { name, gates, states, unitParameters, candidate, passesBeside } = cell;
  const forced = options.schedule === "wavefront";
  const widest = widestTogether(traits, count);
  const { maxBufferSize, maxStorageBufferBindingSize } = traits.limits;
  const gate = { shape: [steps, batch, gates * width], parts: gates };
  const fits =
    width <= widest && layoutOf(alike(count, gate)).bytes <= Math.min(maxBufferSize, maxStorageBufferBindingSize);
  const dropped = training && stacked.some(({ dropout }) => dropout > 0);
  const simple = !isScanned(cell) && !candidate && !passesBeside && states < 2 && unitParameters.length === 0;
  const able = areAlike(architecture) && simple;
  if (count < 2 || !able || dropped || checkpointEvery || !fits) {
    if (!forced) return undefined;
    throw new Error(
      `Pass: schedule is "wavefront" for ${count} × ${name}, hidden ${width}; expected 2 or more Elman or LSTM layers, alike and of one direction, hidden up to ${widest} and all gates in one buffer on this device, without dropout or checkpointEvery; use schedule "fused".`,
    );
  }
  const { createStack, stackForward, stackBackward } = layerByLayer;
  type Add = (plan: Plan) => void;
  const choose = (plan: Plan, sweep: string, count: number, oneByOne: Add, wavefront: Add) => {
    const ways = { ...(!forced && { "layer by layer": oneByOne }), wavefront };
    const key = `${name} ${sweep} of ${input.kind} ${steps}×${batch}×${width}, ${count} layers`;
    plan.choose("recurrence", key, ways, Object.keys(ways)[0]!);
  };
  return {
    createStack: (plan, architecture, parameters, inputs, lengths, stack) =>
      createStack(plan, architecture, parameters, inputs, lengths, { ...stack, allocator: sideBySide(plan, count) }),
    stackForward: (plan, layers) =>
      choose(
        plan,
        "forward",
        count,
        (plan) => stackForward(plan, layers),
        (plan) => {
          layerForward(plan, swept(layers)[0]!);
          wavefrontForward(plan, tensorsOf(plan, layers));
        },
      ),
    stackBackward: (plan, layers, dOutput, slabs, dInputs) => {
      const reached = layers.slice(dInputs ? 0 : lowestToLearn(layers, slabs));
      const oneByOne = (plan: Plan) => stackBackward(plan, layers, dOutput, slabs, dInputs);
      if (reached.length < 2) oneByOne(plan);
      else {
        choose(plan, "backward", reached.length, oneByOne, (plan) => {
          wavefrontBackward(plan, tensorsOf(plan, reached), dOutput);
          stackBackward(plan, swept(layers), dOutput, slabs, dInputs, []);
        });
      }
    },
  };
}

/** Whether all layers are of one cell and width, in one direction, with biases, unprojected. */
function areAlike({ layers }: Architecture): boolean {
  const [lowest] = layers;
  return layers.every(
    ({ cell, activation, hidden, directions, bias, projection }) =>
      cell === lowest!.cell &&
      activation === lowest!.activation &&
      hidden === lowest!.hidden &&
      directions === 1 &&
      bias &&
      projection === undefined,
  );
}

/** Specs of as many tensors that are alike. */
const alike = (count: number, spec: TensorSpec): Record<string, TensorSpec> =>
  Object.fromEntries(Array.from({ length: count }, (_, layer) => [layer, spec]));

/** Allocates what the layers have of a kind in one buffer, and gives each its own in turn. */
function sideBySide(plan: Plan, count: number): Pick<Plan, "tensor"> {
  const waiting: Record<string, PlannedTensor[]> = {};
  return {
    tensor(name, shape, spec) {
      waiting[name] ??= Object.values(plan.group(name, alike(count, { ...spec, shape })).tensors);
      return { ...waiting[name].shift()!, name };
    },
  };
}

/** Layers that leave the sweeps to the wavefront. */
const swept = (layers: readonly Layer[]): Layer[] => layers.map((layer) => ({ ...layer, swept: true }));

/** What the wavefront works on. */
const tensorsOf = (plan: Plan, layers: readonly Layer[]) => {
  const [lowest] = layers;
  return {
    ...lowest!,
    oneHot: oneHotOf(plan, lowest!, lowest!.directions[0]!),
    layers: layers.map(({ hidden, directions: [direction] }) => ({
      ...direction!,
      ...direction!.parameters,
      recurrentWeight: direction!.parameters.recurrentWeight!,
      hidden,
    })),
  };
};
