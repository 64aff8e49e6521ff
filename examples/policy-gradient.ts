// A policy that learns from rewards alone (REINFORCE, Williams 1992): a GRU sees a cue, then nothing for a while, and is asked
// what it was. Nobody tells it: it draws an answer, and gets 1 where that is right. What it expects to get, an output beside
// the answers' logits, is the baseline that rewards are measured from.

import { adam, gru, lastStep, Network, noLoss, openGpu, Trainer, tokens } from "tempograd";

const [cues, steps, batch, updates] = [4, 12, 64, 250];
const [blank, question] = [cues, cues + 1];
const outputs = cues + 1;

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** A cue to each row, and what is seen of it: time-major, the first row is the first step. */
function episodes() {
  const asked = Int32Array.from({ length: batch }, () => Math.floor(cues * uniform()));
  const inputs = new Int32Array(steps * batch).fill(blank);
  inputs.set(asked);
  inputs.fill(question, (steps - 1) * batch);
  return { inputs, asked };
}

/** An answer drawn of each row's softmax, its reward, and −(reward − baseline)·d ln π + d(reward − baseline)²/2, their mean. */
function answers(o: Float32Array, asked: Int32Array) {
  const dOutputs = new Float32Array(o.length);
  let sum = 0;
  for (const [row, cue] of asked.entries()) {
    const logits = o.subarray(row * outputs, row * outputs + cues);
    const most = Math.max(...logits);
    const exps = Array.from(logits, (logit) => Math.exp(logit - most));
    const total = exps.reduce((all, value) => all + value, 0);
    let answer = 0;
    for (let left = uniform() * total - exps[0]!; left >= 0 && answer < cues - 1; left -= exps[answer]!) answer++;
    const reward = answer === cue ? 1 : 0;
    const surprise = reward - o[row * outputs + cues]!;
    for (const [k, value] of exps.entries()) {
      dOutputs[row * outputs + k] = (-surprise * ((k === answer ? 1 : 0) - value / total)) / batch;
    }
    dOutputs[row * outputs + cues] = -surprise / batch;
    sum += reward;
  }
  return { reward: sum / batch, dOutputs };
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: tokens(cues + 2), layers: [gru(24)], readout: lastStep(outputs), loss: noLoss() },
});
const trainer = await Trainer.create(network, { steps, batch, optimizer: adam({ learningRate: 0.01 }), clipNorm: 1 });
for (let update = 1; update <= updates; update++) {
  const { inputs, asked } = episodes();
  const { reward, dOutputs } = answers(await trainer.forward({ inputs }), asked);
  await trainer.backward(dOutputs);
  if (update % 50 === 0) console.log(`update ${update}: reward ${reward.toFixed(3)}`);
}

const { inputs, asked } = episodes();
export const { reward } = answers(await trainer.forward({ inputs }), asked);
console.log(`in the end ${(100 * reward).toFixed(1)}% of its answers are right`);
gpu.destroy();
