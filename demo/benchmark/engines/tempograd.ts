// The library itself as an engine of the benchmark, in either schedule.

import { version } from "../../../package.json";
import { Network, openGpu, type Schedule, sgd, Trainer } from "../../../src/index";
import { networkOf } from "../problem";
import type { Engine } from "./engine";

export function tempograd(schedule: Schedule): Engine {
  return {
    engine: "tempograd",
    backend: "webgpu",
    version,
    async open({ cell, shape, parameters, inputs, targets, learningRate }) {
      const { steps, batch } = shape;
      const gpu = await openGpu();
      try {
        const network = await Network.create(gpu, networkOf(cell, shape));
        network.write(parameters);
        const trainer = await Trainer.create(network, { steps, batch, schedule, optimizer: sgd({ learningRate }) });
        return {
          dispatches: trainer.pass.plan.describe().total.dispatches,
          async run(count) {
            const batches = Array.from({ length: count }, () => ({ inputs, targets }));
            const losses: number[] = [];
            for await (const { loss } of trainer.train(batches)) losses.push(loss);
            return losses;
          },
          bytes: () => gpu.live.bytes,
          close() {
            trainer.destroy();
            network.destroy();
            gpu.destroy();
          },
        };
      } catch (error) {
        gpu.destroy();
        throw error;
      }
    },
  };
}
