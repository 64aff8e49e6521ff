// How far back a loss reaches: the gradients that a batch sends through time.

import { expectOptions } from "../errors";
import { expectLiving } from "../gpu/lifetime";
import { architectureOf } from "../parts/architecture";
import { type Batch, type BatchShape, shapeOf } from "./batch";
import { expectKnown, expectLoss } from "./expect";
import type { Network } from "./network";
import { notFiniteNetwork } from "./not-finite";
import type { PassPlan } from "./pass-plan";
import { reading } from "./reading";

/** What a loss sends back through time. */
export interface GradientTrace {
  /** The mean loss of the batch. */
  loss: number;
  /**
   * ‖dL/dh_t‖ by all paths, over the whole batch: [T + 1] for each layer and direction, in the order of time. At t = 0
   * is the initial state's, also of a reverse direction, which begins with it.
   */
  hidden: Float64Array[];
  /** dL/dx_t [T, B, I]; for tokens, of the one-hot x. */
  inputs: Float32Array;
}

/**
 * Takes a batch forward and back through time, without touching what is trained. To see what one output blames, let
 * its target alone count: give all others −1.
 * @throws as `checkBatch`; where the loss is not finite, the network was destroyed, the device was lost or has no room; or
 *   the signal's reason.
 * @example
 * ```ts
 * import { consecutiveWindows, traceGradients } from "tempograd";
 *
 * const [batch] = consecutiveWindows(text, { steps: 20, batch: 1 });
 * if (batch) {
 *   const { hidden } = await traceGradients(network, { steps: 20, batch: 1 }, batch);
 *   console.log(hidden[0]); // ‖dL/dh_t‖ of the only layer, t = 0 … 20
 * }
 * ```
 */
export async function traceGradients(
  network: Network,
  shape: BatchShape,
  batch: Batch,
  options: { signal?: AbortSignal } = {},
): Promise<GradientTrace> {
  const operation = "traceGradients";
  expectLiving(operation, "network", network, "Network.create");
  expectKnown(operation, options, ["signal"]);
  expectOptions(operation, shape, "shape");
  const { config } = network;
  const { signal } = options;
  expectLoss(operation, architectureOf(config).loss, "use network.pass({ traceGradients: true }), in halves");
  signal?.throwIfAborted();
  const { steps, batch: rows } = shape;
  const wanted = { ...shapeOf(shape), traceGradients: true };
  const tensors = ({ tensors: { losses, dInputs, dHidden = [] } }: PassPlan) => [losses, dInputs!, ...dHidden];
  const [loss, inputs, ...hidden] = await reading(network, operation, wanted, tensors, async ({ pass, run }) => {
    signal?.throwIfAborted();
    pass.write(batch);
    const values = await run();
    signal?.throwIfAborted();
    if (!Number.isFinite(values[0]![0])) throw notFiniteNetwork(operation, "losses");
    return values;
  });
  const sweeps = architectureOf(config).layers.flatMap(({ hidden, directions }) =>
    Array.from({ length: directions }, (_, part) => ({ slab: rows * hidden, reverse: part === 1 })),
  );
  const norms = hidden.map((values, index) => {
    const { slab, reverse } = sweeps[index]!;
    return Float64Array.from({ length: steps + 1 }, (_, t) => {
      const at = reverse && t > 0 ? steps + 1 - t : t; // in the order of the sweep
      let sum = 0;
      for (let i = at * slab; i < (at + 1) * slab; i++) sum += values[i]! ** 2;
      return Math.sqrt(sum);
    });
  });
  return { loss: loss![0]!, hidden: norms, inputs: inputs as Float32Array };
}
