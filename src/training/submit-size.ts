// How many training steps a submit holds at most: as many as the user asks for, or as its batches have room for beside the pass.

import { layoutOf } from "../gpu/tensor";
import { batchSpecs } from "../network/batch";
import type { Network } from "../network/network";
import type { PassOptions } from "../network/pass-options";

/** Where the user asks for no number. */
const mostUnasked = 64;
/** What the batches of a submit may take then, as a share of what the pass takes. */
const uploadShare = 0.05;
const leastUploadBytes = 32 * 2 ** 10;
/** Of a submit: so many dispatch a million kernels and more, which devices take for a hang. */
const mostSteps = 2 ** 16;

/**
 * @param options of the pass, with gradients.
 * @param wanted the steps that the user asks for.
 * @throws where they are more than a submit may have, or their batches larger than a buffer of the device; as
 *   `network.memoryOf`.
 */
export async function stepsOfSubmit(network: Network, options: PassOptions, wanted?: number): Promise<number> {
  const { bytes: passBytes } = await network.memoryOf(options);
  const { bytes: batchBytes } = layoutOf({ ...batchSpecs(network.config, { ...options, rowsByToken: true }) });
  const { maxBufferSize } = network.gpu.device.limits;
  const fitting = (bytes: number) => Math.max(1, Math.floor(bytes / batchBytes)); // one is the pass's own to refuse
  if (wanted === undefined) return Math.min(mostUnasked, fitting(Math.max(leastUploadBytes, uploadShare * passBytes)));
  const most = Math.min(mostSteps, fitting(maxBufferSize));
  if (wanted <= most) return wanted;
  const bytes = BigInt(wanted) * BigInt(batchBytes); // more, perhaps, than a number counts
  throw new Error(
    `Trainer.create: stepsPerSubmit is ${wanted}, which takes ${bytes} bytes of batches in one buffer, expected at most ${most} steps, of ${most * batchBytes} bytes; use fewer, or leave it out.`,
  );
}
