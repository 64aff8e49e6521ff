// A session of what a page orders: its data read, and held against the file that it goes on from.

import type { Gpu } from "../../src/index";
import { expectSame, labelOf } from "../tasks/own-data";
import { readers } from "../tasks/readers";
import { effective, isOwn } from "../tasks/settings";
import type { Order } from "./messages";
import { type About, type Report, Session } from "./session";

/** @param gpu undefined: on the processor. @throws with what the visitor can do, or the reason of `signal`. */
export async function makeSession(
  gpu: Gpu | undefined,
  { settings, own, from, looks, flows }: Order,
  signal: AbortSignal,
  tell: (report: Report) => void,
): Promise<Session> {
  const holding = effective(settings);
  const checkpoint = from && (await (await import("../tasks/checkpoints")).readOurCheckpoint(from));
  await expectSame(own, (checkpoint?.about as Partial<About> | undefined)?.own);
  const trained =
    checkpoint && (await import("../data/said-trained-on")).trainedOn(checkpoint.about, checkpoint.network);
  const make = await readers[holding.task](own, holding);
  const label = isOwn(holding) && own ? await labelOf(own) : undefined;
  const problem = make(holding, { trained });
  return Session.create(gpu, problem, { settings: holding, own: label, tell, from: checkpoint, looks, flows, signal });
}
