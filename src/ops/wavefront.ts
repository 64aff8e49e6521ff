// Puts the sweeps through time of all layers of a stack on a plan: one dispatch forward, one back. Which step of which
// layer goes with which is in the shader.

import wavefrontShader from "../../shaders/wavefront.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import type { DeviceTraits } from "../gpu/traits";
import { expectShape, inVec4 } from "./operands";
import type { Sweep } from "./recurrence";
import { steppedSource } from "./sweep";

/** What one layer has; each kind of tensor lies in one buffer, at equal distances from the lowest layer to the highest. */
export interface WavefrontLayer {
  /** W [I, G·H], U [H, G·H] and b [G·H]; I is H but in the lowest layer. */
  inputWeight: PlannedTensor;
  recurrentWeight: PlannedTensor;
  bias: PlannedTensor;
  /** [T, B, G·H]: of the lowest layer a = x·W + b where it takes no tokens; then as a sweep alone leaves it. */
  gate: PlannedTensor;
  /** [T + 1, B, H] */
  hidden: PlannedTensor;
  cellState?: PlannedTensor | undefined;
  /** For the way back, as a sweep alone has them. */
  carry?: PlannedTensor | undefined;
  dHidden?: PlannedTensor | undefined;
}

export interface Wavefront extends Pick<Sweep, "cell" | "lengths" | "oneHot"> {
  /** From the lowest to the highest, two at least. */
  layers: readonly WavefrontLayer[];
}

/** How wide so many layers may be for one workgroup of the device to hold all. */
export const widestTogether = ({ limits }: DeviceTraits, layers: number): number =>
  4 *
  Math.min(Math.floor(limits.maxComputeInvocationsPerWorkgroup / (2 * layers - 1)), limits.maxComputeWorkgroupSizeX);

/** Every state of every layer. @throws where tensors do not fit. */
export function wavefrontForward(plan: Plan, wavefront: Wavefront): void {
  const { tokens, inputWeight } = wavefront.oneHot ?? {};
  const flags = { oneHot: tokens !== undefined, lastStep: false, hiddenGradient: false };
  addWavefront(plan, wavefront, true, flags, { ...(tokens && inputWeight && { tokens, inputWeight }) });
}

/**
 * The gradients of every step of every layer.
 * @param dOutput dL/dh of what reads the highest layer: [T, B, H], or [B, H] at the end
 * @throws where tensors do not fit.
 */
export function wavefrontBackward(plan: Plan, wavefront: Wavefront, dOutput: PlannedTensor): void {
  const lastStep = dOutput.shape.length === 2;
  const flags = { oneHot: false, lastStep, hiddenGradient: wavefront.layers[0]!.dHidden !== undefined };
  addWavefront(plan, wavefront, false, flags, { dOutput });
}

function addWavefront(
  plan: Plan,
  { cell, lengths, layers }: Wavefront,
  forward: boolean,
  flags: Record<"oneHot" | "lastStep" | "hiddenGradient", boolean>,
  more: Record<string, PlannedTensor>,
): void {
  const { gates, name } = cell;
  const [first, above] = layers as [WavefrontLayer, WavefrontLayer];
  const [width = 0] = first.recurrentWeight.shape;
  const [steps = 0, batch = 0] = first.gate.shape;
  for (const { recurrentWeight, gate, hidden } of layers) {
    expectShape("wavefront", recurrentWeight, "[H, G·H]", [width, gates * width]);
    expectShape("wavefront", gate, "[T, B, G·H]", [steps, batch, gates * width]);
    expectShape("wavefront", hidden, "[T + 1, B, H]", [steps + 1, batch, width]);
  }
  const distance = (from: PlannedTensor, to: PlannedTensor) => (to.offset - from.offset) / 16;
  /** A binding of what all layers have of a kind, from the lowest on. */
  const all = (kind: keyof WavefrontLayer, end = layers.at(-1)![kind]) => {
    const tensor = first[kind];
    if (!tensor || !end) return {};
    const uneven = layers.some((layer, l) => distance(tensor, layer[kind]!) !== l * distance(tensor, above[kind]!));
    if (uneven || end.buffer !== tensor.buffer) {
      throw new Error(
        `wavefront: "${tensor.name}" of the layers lie anyhow, expected at equal distances in one buffer.`,
      );
    }
    return { [kind]: { ...tensor, size: end.offset + end.size - tensor.offset } };
  };
  const sweepSteps = steps + (flags.hiddenGradient ? 1 : 0);
  const products = (layers.length - 1) * steps + layers.length * (forward ? steps : sweepSteps - 1);
  plan.add({
    label: `${name} ${forward ? "forward" : "backward"}, ${layers.length} layers`,
    kernel: {
      shader: `${name} wavefront`,
      source: `${steppedSource(cell)}\n${wavefrontShader}`,
      constants: {
        steps,
        batch,
        width: inVec4(width),
        units: width,
        gates,
        layers: layers.length,
        sweepSteps,
        gateLayer: distance(first.gate, above.gate),
        stateLayer: distance(first.hidden, above.hidden),
        carryLayer: forward ? 0 : distance(first.carry!, above.carry!),
        stride: inVec4(width),
        offset: 0,
        weightLayer: distance(first.recurrentWeight, above.recurrentWeight),
        toBias: distance(first.recurrentWeight, first.bias),
        toInput: distance(first.recurrentWeight, above.inputWeight),
      },
      flags: {
        ...cell.flags,
        ...flags,
        forward,
        states: cell.states > 0,
        reverse: false,
        beside: false,
        continued: false,
        persistent: false,
      },
    },
    bindings: {
      ...all("recurrentWeight", layers.at(-1)!.bias), // and all other parameters of theirs but the lowest W
      lengths,
      ...all("gate"),
      ...all("hidden"),
      ...all("cellState"),
      ...(!forward && { ...all("carry"), ...all("dHidden") }),
      ...more,
    },
    workgroups: [batch],
    flops: 2 * batch * width * width * gates * products,
  });
}
