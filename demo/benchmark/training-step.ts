// Times training steps of an Elman network at a shape, beside the adapter's mul-add peak in the same run.

import { Network, openGpu, type Schedule, sgd, Trainer } from "../../src/index";
import { measureMulAddPeak } from "./mul-add-peak";

export interface Shape {
  batch: number;
  steps: number;
  hidden: number;
  symbols: number;
}

export interface Timing {
  adapter: string;
  schedule: Schedule;
  dispatches: number;
  /** From `Network.create` to the first loss in hand, compilation included, in milliseconds. */
  firstMs: number;
  /** One training step, in milliseconds: median, and fifth and ninety-fifth percentile. */
  medianMs: number;
  p5Ms: number;
  p95Ms: number;
  /** Of the equations, a mul-add counting 2. */
  gflops: number;
  /** The adapter's mul-add peak: the better of a measurement before and one after. */
  peakGflops: number;
  losses: number[];
}

/** Runs on this page's adapter, on one seeded batch. */
export async function timeTrainingStep(shape: Shape, schedule: Schedule, samples: number): Promise<Timing> {
  const { batch, steps, hidden, symbols } = shape;
  const gpu = await openGpu();
  const peakBefore = await measureMulAddPeak(gpu.device);
  const token = (i: number) => (i * 7919 + ((i * i) % 101)) % symbols; // any fixed pattern will do
  const data = {
    inputs: Int32Array.from({ length: steps * batch }, (_, i) => token(i)),
    targets: Int32Array.from({ length: steps * batch }, (_, i) => token(i + batch)),
  };
  const begin = performance.now();
  const network = await Network.create(gpu, {
    cell: "elman",
    inputs: symbols,
    hidden,
    outputs: symbols,
    input: "tokens",
    readout: "every-step",
  });
  const options = { steps, batch, schedule, stepsPerSubmit: 1, optimizer: sgd({ learningRate: 0.1 }) };
  const trainer = await Trainer.create(network, options);
  const losses: number[] = [];
  const times: number[] = [];
  const step = async () => {
    const start = performance.now();
    for await (const { loss } of trainer.train([data])) losses.push(loss);
    times.push(performance.now() - start);
  };
  await step();
  const firstMs = performance.now() - begin;
  await step(); // warm
  times.length = 0;
  for (let i = 0; i < samples; i++) await step();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.round(share * (times.length - 1))]!;
  const { flops, dispatches } = trainer.pass.plan.describe().total;
  const peak = Math.max(peakBefore, await measureMulAddPeak(gpu.device));
  trainer.destroy();
  network.destroy();
  const { description: adapter } = gpu;
  gpu.destroy();
  return {
    adapter,
    schedule,
    dispatches,
    firstMs,
    medianMs: at(0.5),
    p5Ms: at(0.05),
    p95Ms: at(0.95),
    gflops: flops / at(0.5) / 1e6,
    peakGflops: peak / 1e9,
    losses: losses.slice(0, 3),
  };
}
