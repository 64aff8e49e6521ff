// Runs lines of WGSL at many points, a thread for each four, or each one where a value is f32.

import type { WgslLines } from "../../src/expressions/wgsl";
import { type WgslType, wgslFunctions } from "../../src/expressions/wgsl-functions";
import type { Gpu } from "../../src/gpu/device";

/** Lines that read variables, which are the arguments of a function of their own. */
export interface Lines {
  readonly variables: readonly string[];
  readonly written: WgslLines;
}

/**
 * What each of `all` gives at each point: by lines, outputs and points.
 * @param values of each variable by lines, at each point; as many points each, a multiple of 4
 */
export async function onGpu(
  { device }: Gpu,
  all: readonly Lines[],
  values: readonly (readonly ArrayLike<number>[])[],
  type: WgslType = "vec4f",
): Promise<Float32Array[][]> {
  const points = values[0]![0]!.length;
  const columns = values.flat();
  const outputs = all.map(({ written }) => Object.values(written.names));
  const functions = new Set(all.flatMap(({ written }) => [...written.functions, "isNan"]));
  const slots = outputs.flat().length;
  let [input, output] = [0, 0];
  const bodies = all.map(({ variables, written }, index) => {
    const loads = variables.map((name) => `let ${name} = given[${input++}u * points + at];`);
    const stores = outputs[index]!.map((name) => `result[${output++}u * points + at] = ${name};`);
    return `fn run${index}(at: u32) {\n  ${[...loads, ...written.lines, ...stores].join("\n  ")}\n}\n`;
  });
  const code = `@group(0) @binding(0) var<storage, read> given: array<${type}>;
@group(0) @binding(1) var<storage, read_write> result: array<${type}>;
const points = ${type === "f32" ? points : points / 4}u;
${wgslFunctions(functions, type)}${bodies.join("")}
@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= points) { return; }
  ${all.map((_, index) => `run${index}(id.x);`).join("\n  ")}
}`;
  const module = device.createShaderModule({ code });
  const errors = (await module.getCompilationInfo()).messages.map(({ lineNum, message }) => `${lineNum}: ${message}`);
  if (errors.length > 0) throw new Error(`${errors.join("\n")}\n${code}`);
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const given = device.createBuffer({ size: columns.length * points * 4, usage });
  const result = device.createBuffer({ size: slots * points * 4, usage });
  const staging = device.createBuffer({ size: result.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  columns.forEach((column, index) => {
    device.queue.writeBuffer(given, index * points * 4, Float32Array.from(column));
  });
  const entries = [given, result].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.ceil(points / (type === "f32" ? 16 : 64)));
  pass.end();
  encoder.copyBufferToBuffer(result, 0, staging, 0, result.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const got = new Float32Array(staging.getMappedRange().slice(0));
  for (const buffer of [given, result, staging]) buffer.destroy();
  let slot = 0;
  return outputs.map((names) => names.map(() => got.subarray(slot * points, ++slot * points)));
}
