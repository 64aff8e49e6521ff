// Makes pipelines of small shaders and times them on a device, for the adapter's limits.

import { unitCost } from "./unit-cost";

/** Encodes something `n` times. */
type Work = (pass: GPUComputePassEncoder, n: number) => void;

export class Probe {
  readonly device: GPUDevice;

  constructor(device: GPUDevice) {
    this.device = device;
  }

  async pipeline(code: string): Promise<GPUComputePipeline> {
    const module = this.device.createShaderModule({ code });
    return this.device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  }

  buffer(size: number): GPUBuffer {
    return this.device.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
  }

  bind(pipeline: GPUComputePipeline, ...buffers: GPUBuffer[]): GPUBindGroup {
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    return this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  }

  submit(encode: Work, n: number): void {
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encode(pass, n);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** What one of many calls in a submit takes, in milliseconds. */
  cost(work: Work, most?: number): Promise<number> {
    return unitCost(async (n) => {
      const begin = performance.now();
      this.submit(work, n);
      await this.device.queue.onSubmittedWorkDone();
      return performance.now() - begin;
    }, most);
  }
}

/** Dispatches of a grid, with one bind group after another. */
export const dispatches =
  (pipeline: GPUComputePipeline, groups: readonly [number, number], ...binds: GPUBindGroup[]): Work =>
  (pass, n) => {
    pass.setPipeline(pipeline);
    for (let i = 0; i < n; i++) {
      pass.setBindGroup(0, binds[i % binds.length]!);
      pass.dispatchWorkgroups(...groups);
    }
  };
