// An optimizer of one's own: Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms").
//   u = sign(β₁·m + (1 − β₁)·dθ),  θ ← θ − α·u,  m ← β₂·m + (1 − β₂)·dθ

import { type Batch, Network, type Optimizer, openGpu, Trainer } from "tempograd";

const shader = `
  struct Numbers { learningRate: f32, keep: f32, keepNext: f32 } // α, β₁, β₂
  var<uniform> update: Numbers;
  var<storage, read> gradient: array<f32>;
  var<storage, read_write> momentum: array<f32>;
  var<storage, read_write> parameter: array<f32>;

  @compute @workgroup_size(64)
  fn lion(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= size) { return; }
    let g = gradient[id.x];
    let m = momentum[id.x];
    parameter[id.x] -= update.learningRate * sign(mix(g, m, update.keep));
    momentum[id.x] = mix(g, m, update.keepNext);
  }`;

const lion = ({ learningRate }: { learningRate: number }): Optimizer => ({
  kind: "lion",
  learningRate,
  scalars: (rate) => ({ learningRate: rate, keep: 0.9, keepNext: 0.99 }),
  add(plan, { update, gradient, parameter }) {
    const [size = 0] = parameter.shape; // all parameters, one behind the other
    const momentum = plan.tensor("momentum", parameter.shape);
    plan.add({
      label: "Lion",
      kernel: { shader: "lion", source: shader, constants: { size }, flags: {} },
      bindings: { update, gradient, momentum, parameter },
      workgroups: [Math.ceil(size / 64)],
      flops: 8 * size,
    });
    return { momentum }; // saved with the parameters
  },
});

/** After each word of a sentence, the next one: "I like NLP", without end. */
const [steps, batch] = [6, 1];
const words = Int32Array.from({ length: steps + 1 }, (_, i) => i % 3);
const data: Batch = { inputs: words.slice(0, steps), targets: words.slice(1) };

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ cell: "elman", inputs: 3, hidden: 8, outputs: 3 },
  ...{ input: "tokens", readout: "every-step" },
});
const trainer = await Trainer.create(network, { steps, batch, optimizer: lion({ learningRate: 0.01 }) });
export const losses: number[] = [];
for await (const { loss } of trainer.train(Array.from({ length: 200 }, () => data))) losses.push(loss);
console.log(`loss ${losses[0]?.toFixed(4)} at first, ${losses.at(-1)?.toFixed(4)} in the end`);
gpu.destroy();
