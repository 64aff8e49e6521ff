// Measures the most mul-adds a second that an adapter does, so that speeds can be told as shares of it.

import mulAddShader from "./mul-add-peak.wgsl?raw";

const threads = 64;
const rounds = 1024;
const flopsOfThread = rounds * 8 * 4 * 2; // eight chains of vec4f, a mul and an add each

/** The best of several timings, in flops a second. Grows the work until a timing takes 20 ms or more. */
export async function measureMulAddPeak(device: GPUDevice): Promise<number> {
  const mostGroups = 2 ** 15;
  const out = device.createBuffer({ label: "peak", size: mostGroups * threads * 16, usage: GPUBufferUsage.STORAGE });
  const pipeline = await device.createComputePipelineAsync({
    label: "mul-add peak",
    layout: "auto",
    compute: { module: device.createShaderModule({ label: "mul-add peak", code: mulAddShader }) },
  });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: out } }],
  });
  const time = async (groups: number) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(groups);
    pass.end();
    const begin = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - begin;
  };
  await time(1);
  let groups = 32;
  while (groups < mostGroups && (await time(groups)) < 20) groups *= 2;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) best = Math.min(best, await time(groups));
  out.destroy();
  return (groups * threads * flopsOfThread) / (best / 1000);
}
