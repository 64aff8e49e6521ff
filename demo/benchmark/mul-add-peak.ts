// Measures the most mul-adds a second that an adapter does, so that speeds can be told as shares of it.

import mulAddShader from "./mul-add-peak.wgsl?raw";
import { Probe } from "./probe";

const threads = 64;
const flopsOfThread = 1024 * 8 * 4 * 2; // rounds, chains of vec4f, a mul and an add
/** Few for a software adapter, whose dispatch of them takes milliseconds; a GPU is filled by many times as many. */
const groups = 32;
const mostGroups = 2 ** 15;

/** The best of several timings, in flops a second. */
export async function measureMulAddPeak(device: GPUDevice): Promise<number> {
  const probe = new Probe(device);
  const pipeline = await probe.pipeline(mulAddShader);
  const out = probe.buffer(mostGroups * threads * 16);
  const bind = probe.bind(pipeline, out);
  const ms = await probe.cost((pass, n) => {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bind);
    for (let left = n * groups; left > 0; left -= mostGroups) pass.dispatchWorkgroups(Math.min(left, mostGroups));
  });
  out.destroy();
  return (groups * threads * flopsOfThread) / (ms / 1000);
}
