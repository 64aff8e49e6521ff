// How many training steps a submit holds at most: as many as the user asks for, or as its batches have room for beside the pass.

import { TempogradError } from "../errors";
import { layoutOf } from "../gpu/tensor";
import { batchSpecs, batchTensors } from "../network/batch";
import type { Network } from "../network/network";
import type { PassOptions } from "../network/pass-options";
import type { TrainerOptions } from "./trainer-options";
import { numbersSpecs } from "./update";

/** Where the user asks for no number. */
const mostUnasked = 64;
/** What the batches of a submit may take then, as a share of what the pass takes. */
const uploadShare = 0.05;
const leastUploadBytes = 32 * 2 ** 10;
/** Of a submit: so many dispatch a million kernels and more, which devices take for a hang. */
const mostSteps = 2 ** 16;

/** What a submit carries to the GPU. */
export interface SubmitLayout {
  /** Steps, at most. */
  readonly capacity: number;
  /** Bytes of a step: its batch, and behind it the optimizer's numbers for each learning rate. */
  readonly slotBytes: number;
}

/**
 * @param pass its options, with gradients.
 * @param rates how many learning rates there are.
 * @throws where the user asks for more steps than a submit may have, or their batches are larger than a buffer of the
 *   device; as `network.memoryOf`.
 */
export async function layoutOfSubmit(
  network: Network,
  pass: PassOptions,
  { stepsPerSubmit: wanted, optimizer }: TrainerOptions,
  rates: number,
): Promise<SubmitLayout> {
  const specs = batchSpecs(network.config, { ...pass, rowsByToken: true, rowsByTail: true });
  const { bytes: batchBytes } = layoutOf(batchTensors(specs));
  const slotBytes = batchBytes + layoutOf(numbersSpecs(optimizer, rates)).bytes;
  if (wanted === undefined && mostUnasked * slotBytes <= leastUploadBytes) return { slotBytes, capacity: mostUnasked };
  const { bytes: passBytes } = await network.memoryOf(pass);
  const { maxBufferSize } = network.gpu.device.limits;
  const fitting = (bytes: number) => Math.max(1, Math.floor(bytes / slotBytes)); // one is the pass's own to refuse
  const room = Math.max(leastUploadBytes, uploadShare * passBytes);
  if (wanted === undefined) return { slotBytes, capacity: Math.min(mostUnasked, fitting(room)) };
  const most = Math.min(mostSteps, fitting(maxBufferSize));
  if (wanted <= most) return { slotBytes, capacity: wanted };
  const bytes = BigInt(wanted) * BigInt(slotBytes); // more, perhaps, than a number counts
  throw new TempogradError(
    "option",
    `Trainer.create: stepsPerSubmit is ${wanted}, which takes ${bytes} bytes of batches in one buffer, expected at most ${most} steps, of ${most * slotBytes} bytes; use fewer, or leave it out.`,
  );
}
