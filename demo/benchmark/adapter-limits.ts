// Measures what an adapter does at best and what it charges, so that speeds can be told as shares of it.

import { openGpu } from "../../src/index";
import barrierShader from "./barrier.wgsl?raw";
import copyShader from "./copy.wgsl?raw";
import { measureMulAddPeak } from "./mul-add-peak";
import { dispatches, Probe } from "./probe";
import type { AdapterLimits } from "./report";
import tickShader from "./tick.wgsl?raw";
import { type Timed, unitCost } from "./unit-cost";

const roundsOfBarriers = 512;
/** Beyond the caches of most GPUs; within what every phone has. */
const copiedBytes = 2 ** 26;
/** So many buffers that a dispatch seldom meets one that is in use. */
const independentBuffers = 256;

/** The mul-add peak alone, in Gflop/s: it is measured at the beginning and at the end of a run. */
export async function measurePeak(): Promise<number> {
  const gpu = await openGpu();
  try {
    return (await measureMulAddPeak(gpu.device)) / 1e9;
  } finally {
    gpu.destroy();
  }
}

/** All limits, the peak as at the beginning. */
export async function measureAdapterLimits(): Promise<AdapterLimits> {
  const gpu = await openGpu();
  try {
    const probe = new Probe(gpu.device);
    const peak = (await measureMulAddPeak(gpu.device)) / 1e9;
    const copied = await copying(probe);
    const dependent = await ticking(probe, 1);
    const independent = await ticking(probe, independentBuffers);
    return {
      mulAddGflops: peak,
      mulAddGflopsAtBegin: peak,
      mulAddGflopsAtEnd: peak,
      copyGBs: copied,
      dispatchUs: independent,
      dependentDispatchUs: dependent,
      barrierUs: await barriers(probe),
      submitUs: await submitting(probe),
      readbackUs: await readingBack(gpu.device),
    };
  } finally {
    gpu.destroy();
  }
}

async function copying(probe: Probe): Promise<number> {
  const pipeline = await probe.pipeline(copyShader);
  const [from, to] = [probe.buffer(copiedBytes), probe.buffer(copiedBytes)];
  const groups = copiedBytes / 16 / 256;
  const ms = await probe.cost(dispatches(pipeline, [groups / 16, 16], probe.bind(pipeline, from, to)), 256);
  from.destroy();
  to.destroy();
  return (2 * copiedBytes) / ms / 1e6;
}

/** What a small dispatch takes, in microseconds, where each needs the one that many before it. */
async function ticking(probe: Probe, apart: number): Promise<number> {
  const pipeline = await probe.pipeline(tickShader);
  const buffers = Array.from({ length: apart }, () => probe.buffer(16));
  const ms = await probe.cost(dispatches(pipeline, [1, 1], ...buffers.map((buffer) => probe.bind(pipeline, buffer))));
  for (const buffer of buffers) buffer.destroy();
  return 1000 * ms;
}

async function barriers(probe: Probe): Promise<number> {
  const pipeline = await probe.pipeline(barrierShader);
  const numbers = probe.buffer(1024);
  const ms = await probe.cost(dispatches(pipeline, [1, 1], probe.bind(pipeline, numbers)));
  numbers.destroy();
  return (1000 * ms) / roundsOfBarriers;
}

async function submitting(probe: Probe): Promise<number> {
  const pipeline = await probe.pipeline(tickShader);
  const buffer = probe.buffer(16);
  const work = dispatches(pipeline, [1, 1], probe.bind(pipeline, buffer));
  const timed: Timed = async (n) => {
    const begin = performance.now();
    for (let i = 0; i < n; i++) probe.submit(work, 1);
    await probe.device.queue.onSubmittedWorkDone();
    return performance.now() - begin;
  };
  const ms = await unitCost(timed, 512);
  buffer.destroy();
  return 1000 * ms;
}

/** A round trip of several that follow each other, in microseconds. */
async function readingBack(device: GPUDevice): Promise<number> {
  const source = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_SRC });
  const mapped = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const timed: Timed = async (n) => {
    const begin = performance.now();
    for (let i = 0; i < n; i++) {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, mapped, 0, 4);
      device.queue.submit([encoder.finish()]);
      await mapped.mapAsync(GPUMapMode.READ, 0, 4);
      mapped.unmap();
    }
    return performance.now() - begin;
  };
  const ms = await unitCost(timed, 512);
  source.destroy();
  mapped.destroy();
  return 1000 * ms;
}
