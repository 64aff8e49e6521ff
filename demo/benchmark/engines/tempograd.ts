// This library as the benchmark's engine, in one of its schedules.

import { Network, openGpu, type Schedule, sgd, Trainer } from "../../../src/index";
import { networkOf } from "../problem";
import type { Engine } from "./engine";

export const tempograd = (schedule: Schedule): Engine => ({
  engine: "tempograd",
  backend: "webgpu",
  version: "0.1.0",
  async open({ cell, shape, parameters, inputs, targets, learningRate }) {
    const gpu = await openGpu();
    const network = await Network.create(gpu, networkOf(cell, shape));
    network.write(parameters);
    const { steps, batch } = shape;
    const trainer = await Trainer.create(network, { steps, batch, schedule, optimizer: sgd({ learningRate }) });
    return {
      dispatches: trainer.pass.plan.describe().total.dispatches,
      async run(count) {
        const losses: number[] = [];
        for await (const { loss } of trainer.train(Array(count).fill({ inputs, targets }))) losses.push(loss);
        return losses;
      },
      bytes: () => gpu.live.bytes,
      close() {
        trainer.destroy();
        network.destroy();
        gpu.destroy();
      },
    };
  },
});
