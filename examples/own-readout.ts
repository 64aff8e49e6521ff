// A readout of one's own: attention over time, learned together with the network below it. In a noisy series a wave of six
// steps is hidden somewhere, which rises and then falls, or falls and then rises; the readout finds where to look.

import { adam, everyHidden, features, gru, Network, noLoss, openGpu, readTensors, Trainer } from "tempograd";

const [steps, batch, width, wave] = [40, 32, 16, 6];

// Scores s_t = h_t·u, weights w = softmax(s) over time, o = (Σ w_t h_t)·v, and the loss of sigmoid(o): a thread each sequence.
const shader = /* wgsl */ `
const steps = ${steps}u; const batch = ${batch}u; const width = ${width}u;
const rate = 4.0;
@group(0) @binding(0) var<storage, read> hidden: array<f32>; // h [steps, batch, width]
@group(0) @binding(1) var<storage, read_write> dHidden: array<f32>; // dL/dh, alike
@group(0) @binding(2) var<storage, read> rises: array<f32>; // [batch], 1 or 0
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>; // u [width], v [width]
@group(0) @binding(4) var<storage, read_write> gradients: array<f32>; // [batch, 2 · width]
@group(0) @binding(5) var<storage, read_write> weights: array<f32>; // [batch, steps]
@group(0) @binding(6) var<storage, read_write> answers: array<f32>; // o [batch]
@group(0) @binding(7) var<storage, read> notFinite: array<u32>; // 0 unless this step changes nothing

fn u(j: u32) -> f32 { return parameters[j]; }
fn v(j: u32) -> f32 { return parameters[width + j]; }
fn h(t: u32, b: u32, j: u32) -> f32 { return hidden[(t * batch + b) * width + j]; }

@compute @workgroup_size(${batch})
fn attend(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  var largest = -1e30;
  for (var t = 0u; t < steps; t++) {
    var score = 0.0;
    for (var j = 0u; j < width; j++) { score += h(t, b, j) * u(j); }
    weights[b * steps + t] = score;
    largest = max(largest, score);
  }
  var sum = 0.0;
  for (var t = 0u; t < steps; t++) {
    let weight = exp(weights[b * steps + t] - largest);
    weights[b * steps + t] = weight;
    sum += weight;
  }
  var read: array<f32, width>;
  for (var t = 0u; t < steps; t++) {
    weights[b * steps + t] /= sum;
    for (var j = 0u; j < width; j++) { read[j] += weights[b * steps + t] * h(t, b, j); }
  }
  var o = 0.0;
  for (var j = 0u; j < width; j++) { o += read[j] * v(j); }
  answers[b] = o;

  // And back: dw_t = dRead·h_t, ds = softmax'(dw), dh_t = w_t dRead + ds_t u.
  let dO = (1.0 / (1.0 + exp(-o)) - rises[b]) / f32(batch);
  let at = b * 2u * width;
  for (var j = 0u; j < width; j++) {
    gradients[at + j] = 0.0;
    gradients[at + width + j] = dO * read[j];
  }
  for (var t = 0u; t < steps; t++) {
    var toO = -o;
    for (var j = 0u; j < width; j++) { toO += v(j) * h(t, b, j); }
    let weight = weights[b * steps + t];
    let dScore = weight * dO * toO;
    for (var j = 0u; j < width; j++) {
      gradients[at + j] += dScore * h(t, b, j);
      dHidden[(t * batch + b) * width + j] = weight * dO * v(j) + dScore * u(j);
    }
  }
}

@compute @workgroup_size(${2 * width})
fn learn(@builtin(global_invocation_id) id: vec3u) {
  if (notFinite[0] != 0u) { return; }
  var sum = 0.0;
  for (var b = 0u; b < batch; b++) { sum += gradients[b * 2u * width + id.x]; }
  parameters[id.x] -= rate * sum;
}`;

let drawn = 0;
/** From 0 to 1. */
function uniform(): number {
  const value = Math.sin(++drawn) * 43758.5453;
  return value - Math.floor(value);
}

/** Noise with a wave in it, and where that begins: time-major. */
function draw() {
  const inputs = Float32Array.from({ length: steps * batch }, () => uniform() + uniform() - 1);
  const rises = Float32Array.from({ length: batch }, () => Number(uniform() < 0.5));
  const begins = Array.from(rises, () => Math.floor(uniform() * (steps - wave)));
  for (const [b, first] of begins.entries()) {
    for (let i = 0; i < wave; i++) inputs[(first + i) * batch + b]! += i < wave / 2 === (rises[b] === 1) ? 1 : -1;
  }
  return { inputs, rises, begins };
}

const gpu = await openGpu();
const { device } = gpu;
const network = await Network.create(gpu, {
  ...{ input: features(1), layers: [gru(width)], readout: everyHidden(), loss: noLoss() },
});
const trainer = await Trainer.create(network, { steps, batch, optimizer: adam({ learningRate: 0.01 }) });
const { tensors, notFinite } = trainer.pass;

const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
function own(name: string, shape: number[]) {
  const size = 4 * shape.reduce((product, length) => product * length);
  return {
    ...{ name, shape, type: "f32" as const, offset: 0, size },
    buffer: gpu.createBuffer(name, size, STORAGE | COPY_SRC | COPY_DST),
  };
}
const [targets, parameters] = [own("rises", [batch]), own("parameters", [2, width])];
const [weights, answers] = [own("weights", [batch, steps]), own("answers", [batch])];
const begins = Float32Array.from({ length: 2 * width }, () => (uniform() - 0.5) / 2);
device.queue.writeBuffer(parameters.buffer, 0, begins);

const gradients = own("gradients", [batch, 2 * width]);
const resources = [tensors.logits, tensors.dLogits!, targets, parameters, gradients, weights, answers, notFinite!];
const types = resources.map(
  (_, i) => ([0, 2, 7].includes(i) ? "read-only-storage" : "storage") as GPUBufferBindingType,
);
const layout = device.createBindGroupLayout({
  entries: types.map((type, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } })),
});
const bindGroup = device.createBindGroup({
  layout,
  entries: resources.map(({ buffer, offset, size }, binding) => ({ binding, resource: { buffer, offset, size } })),
});
const module = device.createShaderModule({ code: shader });
const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
const pipelineOf = (entryPoint: string) =>
  device.createComputePipeline({ layout: pipelineLayout, compute: { module, entryPoint } });
const [attend, learn] = [pipelineOf("attend"), pipelineOf("learn")];

function dispatch(encoder: GPUCommandEncoder, pipeline: GPUComputePipeline): void {
  const compute = encoder.beginComputePass();
  compute.setPipeline(pipeline);
  compute.setBindGroup(0, bindGroup);
  compute.dispatchWorkgroups(1);
  compute.end();
}

/** Runs the network and the readout over new series, and back where they learn. */
function run(learns: boolean) {
  const { inputs, rises, begins } = draw();
  device.queue.writeBuffer(targets.buffer, 0, rises);
  const encoder = device.createCommandEncoder();
  trainer.encodeForward(encoder, { inputs });
  dispatch(encoder, attend);
  if (learns) {
    trainer.encodeBackward(encoder);
    dispatch(encoder, learn);
  }
  device.queue.submit([encoder.finish()]);
  return { rises, begins };
}

for (let step = 1; step <= 200; step++) run(true);

// Series that it has not seen: how often it is right, and how much of its attention is on the wave or up to two steps later.
let [right, found] = [0, 0];
for (let i = 0; i < 10; i++) {
  const { rises, begins } = run(false);
  const [said, looked] = (await readTensors(gpu, [answers, weights])) as [Float32Array, Float32Array];
  for (const [b, first] of begins.entries()) {
    if (said[b]! > 0 === (rises[b] === 1)) right++;
    for (let t = first; t < Math.min(first + wave + 2, steps); t++) found += looked[b * steps + t]!;
  }
}
export const [share, attention] = [right / (10 * batch), found / (10 * batch)];
console.log(
  `right about ${(100 * share).toFixed(1)}% of new series; ${(100 * attention).toFixed(0)}% of it looks there`,
);
gpu.destroy();
