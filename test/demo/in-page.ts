// What the platform test runs inside the browser's page.
import source from "../../demo/terminal/blank.html?raw";

/** The text that the `?raw` import gave. */
export function importedText(): string {
  return source;
}

/** What a compute shader makes of `values`: each doubled. */
export async function doubled(values: number[]): Promise<number[]> {
  return doubledOn(navigator.gpu, values);
}

/** The same on any implementation of WebGPU. */
export async function doubledOn(gpu: GPU, values: number[]): Promise<number[]> {
  const adapter = await gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  const size = values.length * 4;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ size, usage });
  const readback = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  device.queue.writeBuffer(buffer, 0, new Float32Array(values));
  const module = device.createShaderModule({
    code: `
      @group(0) @binding(0) var<storage, read_write> values: array<f32>;
      @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) { values[id.x] *= 2.0; }`,
  });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(values.length);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, readback, 0, size);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  const result = [...new Float32Array(readback.getMappedRange())];
  device.destroy();
  return result;
}

/** Fails as page code fails: loudly in the console, silently to its caller. */
export function complain(): void {
  console.error("the page complains");
}
