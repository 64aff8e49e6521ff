// A loss that is made outside: a mixture density network (Bishop 1994). Each value of a series is that of two steps before,
// shrunk, and then half to the left or half to the right: no single guess is right. The network answers a mixture of
// Gaussians instead, and learns by the likelihood of what came; loss and derivative are plain TypeScript between the halves.

import { adam, everyStep, features, gru, Network, noLoss, openGpu, Trainer } from "tempograd";

const [steps, batch, components] = [16, 32, 3];
const outputs = 3 * components; // of each component a logit of its share π, its mean μ and ln σ
const noise = 0.1;

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state + 0.5) / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

/** Series side by side: at each step a value, the next one, and what no one knows of it before. */
function draw() {
  const surprises = Float32Array.from(
    { length: (steps + 1) * batch },
    () => (uniform() < 0.5 ? -0.5 : 0.5) + noise * normal(),
  );
  const values = surprises.slice(); // time-major: the first row is the first step
  for (let i = 2 * batch; i < values.length; i++) values[i]! += 0.8 * values[i - 2 * batch]!;
  return { inputs: values.slice(0, -batch), targets: values.slice(batch), unknown: surprises.slice(batch) };
}

/** −ln Σ π·N(y; μ, σ), its mean over all steps, and its derivative with respect to each output. */
function negativeLogLikelihood(o: Float32Array, targets: Float32Array) {
  const dOutputs = new Float32Array(o.length);
  let sum = 0;
  for (const [row, y] of targets.entries()) {
    const at = (part: number, k: number) => row * outputs + part * components + k;
    const each = (value: (k: number) => number) => Array.from({ length: components }, (_, k) => value(k));
    const logSum = (of: number[]) =>
      Math.max(...of) + Math.log(of.reduce((all, v) => all + Math.exp(v - Math.max(...of)), 0));
    const logits = each((k) => o[at(0, k)]!);
    const z = each((k) => (y - o[at(1, k)]!) / Math.exp(o[at(2, k)]!));
    const joint = each((k) => logits[k]! - logSum(logits) - o[at(2, k)]! - (z[k]! ** 2 + Math.log(2 * Math.PI)) / 2);
    sum -= logSum(joint);
    for (let k = 0; k < components; k++) {
      const share = Math.exp(logits[k]! - logSum(logits)); // π
      const blame = Math.exp(joint[k]! - logSum(joint)); // how likely y came of this component
      dOutputs[at(0, k)] = (share - blame) / targets.length;
      dOutputs[at(1, k)] = (-blame * z[k]!) / Math.exp(o[at(2, k)]!) / targets.length;
      dOutputs[at(2, k)] = (blame * (1 - z[k]! ** 2)) / targets.length;
    }
  }
  return { loss: sum / targets.length, dOutputs };
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: features(1), layers: [gru(24)], readout: everyStep(outputs), loss: noLoss() },
});
const trainer = await Trainer.create(network, { steps, batch, optimizer: adam({ learningRate: 0.01 }), clipNorm: 1 });
for (let step = 1; step <= 400; step++) {
  const { inputs, targets } = draw();
  const { loss, dOutputs } = negativeLogLikelihood(await trainer.forward({ inputs }), targets);
  await trainer.backward(dOutputs);
  if (step % 50 === 0) console.log(`step ${step}: ${loss.toFixed(3)} nats a value`);
}

const unseen = draw();
export const surprise = negativeLogLikelihood(await trainer.forward({ inputs: unseen.inputs }), unseen.targets).loss;
/** Of the best single Gaussian, even where it knows the rule and all of the past. */
const variance = unseen.unknown.reduce((sum, value) => sum + value ** 2, 0) / unseen.unknown.length;
export const gaussian = Math.log(2 * Math.PI * Math.E * variance) / 2;
console.log(
  `of values that it has not seen: ${surprise.toFixed(3)}, by the best single Gaussian ${gaussian.toFixed(3)}`,
);
gpu.destroy();
