// An input of one's own: filters over a sound in front of a GRU, x_t = relu(filters · samples from t·hop on), in WGSL. They learn
// with the network whether a tone in noise rises or falls; nothing leaves the GPU in between.

import { adam, features, gru, lastStep, Network, openGpu, readTensors, Trainer } from "tempograd";

const [steps, batch, filters, hop, width] = [24, 32, 4, 16, 32];
const samples = (steps - 1) * hop + width;

const shader = `
  const steps = ${steps}u; const batch = ${batch}u; const filters = ${filters}u; const hop = ${hop}u; const width = ${width}u;
  const rate = 0.2;
  @group(0) @binding(0) var<storage, read> sound: array<f32>; // [samples, batch]
  @group(0) @binding(1) var<storage, read_write> weight: array<f32>; // [width, filters]
  @group(0) @binding(2) var<storage, read_write> x: array<f32>; // [steps, batch, filters]
  @group(0) @binding(3) var<storage, read> dx: array<f32>;
  @group(0) @binding(4) var<storage, read> notFinite: u32;

  @compute @workgroup_size(64)
  fn forward(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= steps * batch * filters) { return; }
    let row = id.x / filters;
    var sum = 0.0;
    for (var k = 0u; k < width; k++) {
      sum += sound[(row / batch * hop + k) * batch + row % batch] * weight[k * filters + id.x % filters];
    }
    x[id.x] = max(sum, 0);
  }

  // Gradient descent: of each weight dL/dw = Σ dx·sound where x is above zero. Like the network, it stays where dL is no number.
  @compute @workgroup_size(64)
  fn learn(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= width * filters || notFinite != 0) { return; }
    var sum = 0.0;
    for (var row = 0u; row < steps * batch; row++) {
      let at = row * filters + id.x % filters;
      sum += select(0, dx[at], x[at] > 0) * sound[(row / batch * hop + id.x / filters) * batch + row % batch];
    }
    weight[id.x] -= rate * sum;
  }`;

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** Tones side by side whose pitch goes from one to another, and whether each rises. */
function draw() {
  const targets = Int32Array.from({ length: batch }, () => Math.floor(2 * uniform()));
  const sound = new Float32Array(samples * batch);
  for (const [b, rises] of targets.entries()) {
    const [low, high] = [0.04 + 0.04 * uniform(), 0.14 + 0.04 * uniform()]; // periods a sample
    let phase = uniform();
    for (let i = 0; i < samples; i++) {
      const share = i / samples;
      phase += rises ? low + share * (high - low) : high - share * (high - low);
      sound[i * batch + b] = Math.sin(2 * Math.PI * phase) + 6 * (uniform() - 0.5);
    }
  }
  return { sound, targets };
}

const gpu = await openGpu();
const { device } = gpu;
const network = await Network.create(gpu, {
  ...{ input: features(filters), layers: [gru(16)], readout: lastStep(2), loss: "cross-entropy" },
});
const trainer = await Trainer.create(network, {
  ...{ steps, batch, ownInputs: true, optimizer: adam({ learningRate: 0.01 }) },
});
const { pass } = trainer;

const { STORAGE, COPY_DST } = GPUBufferUsage;
const sounds = gpu.createBuffer("sounds", 4 * samples * batch, STORAGE | COPY_DST);
const weights = gpu.createBuffer("filters", 4 * width * filters, STORAGE | COPY_DST);
device.queue.writeBuffer(
  weights,
  0,
  Float32Array.from({ length: width * filters }, () => (uniform() - 0.5) / 4),
);

const resources = [
  { buffer: sounds },
  { buffer: weights },
  pass.tensors.inputs!,
  pass.tensors.dInputs!,
  pass.notFinite!,
];
const buffer = (type: GPUBufferBindingType) => ({ visibility: GPUShaderStage.COMPUTE, buffer: { type } });
const types = ["read-only-storage", "storage", "storage", "read-only-storage", "read-only-storage"] as const;
const layout = device.createBindGroupLayout({ entries: types.map((type, binding) => ({ binding, ...buffer(type) })) });
const bindGroup = device.createBindGroup({
  layout,
  entries: resources.map((resource, binding) => ({ binding, resource })),
});
const module = device.createShaderModule({ code: shader });
const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
const pipelineOf = (entryPoint: string) =>
  device.createComputePipeline({ layout: pipelineLayout, compute: { module, entryPoint } });
const [forward, learn] = [pipelineOf("forward"), pipelineOf("learn")];

function dispatch(encoder: GPUCommandEncoder, pipeline: GPUComputePipeline, threads: number): void {
  const compute = encoder.beginComputePass();
  compute.setPipeline(pipeline);
  compute.setBindGroup(0, bindGroup);
  compute.dispatchWorkgroups(Math.ceil(threads / 64));
  compute.end();
}

for (let step = 1; step <= 300; step++) {
  const { sound, targets } = draw();
  device.queue.writeBuffer(sounds, 0, sound);
  const encoder = device.createCommandEncoder();
  dispatch(encoder, forward, steps * batch * filters);
  trainer.encodeForward(encoder, { targets });
  trainer.encodeBackward(encoder);
  dispatch(encoder, learn, width * filters);
  device.queue.submit([encoder.finish()]);
  if (step % 50 > 0) continue;
  const [losses] = await readTensors(gpu, [pass.tensors.losses]);
  console.log(`step ${step}: loss ${losses![0]!.toFixed(4)}`);
}

// Tones that it has not heard.
let right = 0;
for (let i = 0; i < 10; i++) {
  const { sound, targets } = draw();
  device.queue.writeBuffer(sounds, 0, sound);
  const encoder = device.createCommandEncoder();
  dispatch(encoder, forward, steps * batch * filters);
  device.queue.submit([encoder.finish()]);
  const outputs = await trainer.forward({ targets });
  for (const [b, rises] of targets.entries()) if (outputs[2 * b + 1]! > outputs[2 * b]! === (rises === 1)) right++;
}
export const share = right / (10 * batch);
console.log(`of tones that it has not heard, ${(100 * share).toFixed(1)}% right`);
gpu.destroy();
