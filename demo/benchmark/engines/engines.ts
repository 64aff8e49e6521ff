// The engines that the benchmark knows, each loaded only where it is run.

import type { Schedule } from "../../../src/index";
import type { Engine } from "./engine";

/** An engine on one of its backends. */
export const engineNames: readonly { engine: string; backend: string; schedule?: Schedule }[] = [
  { engine: "tempograd", backend: "webgpu", schedule: "fused" },
  { engine: "tempograd", backend: "webgpu", schedule: "unrolled" },
];

/** @throws where there is none of these names. */
export async function loadEngine(engine: string, backend: string, schedule?: string): Promise<Engine> {
  if (engine === "tempograd") return (await import("./tempograd")).tempograd(schedule as Schedule);
  throw new Error(`loadEngine: there is no engine ${engine}/${backend}.`);
}
