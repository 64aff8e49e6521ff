// `npm run bench`: training steps in headless Chromium, both schedules, as a share of the adapter's mul-add peak.

import { callInPage, withPage } from "../terminal/in-browser";
import type { Shape, Timing } from "./training-step";

const shape: Shape = { batch: 32, steps: 64, hidden: 128, symbols: 64 };
const samples = 15;

export async function main(): Promise<number> {
  const { batch, steps, hidden, symbols } = shape;
  console.log(`Elman, batch ${batch}, ${steps} steps, hidden ${hidden}, ${symbols} symbols, SGD; ${samples} samples`);
  for (const schedule of ["fused", "unrolled"]) {
    // A page of its own for each: the first step then compiles everything.
    const timing = await withPage((page) =>
      callInPage<Timing>(page, "/demo/benchmark/training-step.ts", "timeTrainingStep", shape, schedule, samples),
    );
    const { adapter, dispatches, firstMs, medianMs, p5Ms, p95Ms, gflops, peakGflops } = timing;
    console.log(
      [
        `${schedule}, on ${adapter}`,
        `  first step, compilation included   ${firstMs.toFixed(0)} ms`,
        `  training step                      ${medianMs.toFixed(1)} ms (median; 5%: ${p5Ms.toFixed(1)}, 95%: ${p95Ms.toFixed(1)}), ${dispatches} dispatches`,
        `  speed                              ${gflops.toFixed(2)} Gflop/s, ${((100 * gflops) / peakGflops).toFixed(0)}% of the mul-add peak of ${peakGflops.toFixed(2)} Gflop/s`,
        `  first losses                       ${timing.losses.map((loss) => loss.toFixed(6)).join(" ")}`,
      ].join("\n"),
    );
  }
  return 0;
}
