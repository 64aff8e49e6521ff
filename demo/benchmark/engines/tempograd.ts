// The library itself as an engine of the benchmark, in either schedule or as it measures to be the fastest.

import { version } from "../../../package.json";
import { Network, openGpu, sgd, Trainer } from "../../../src/index";
import { networkOf } from "../problem";
import type { Engine } from "./engine";
import type { OwnSchedule } from "./names";

/** What a schedule of the benchmark is in the library's options. */
export const optionsOf = (schedule: OwnSchedule) =>
  schedule === "measured"
    ? ({ gpu: { tuning: "measure" }, trainer: {} } as const)
    : ({ gpu: { tuning: "default" }, trainer: { schedule } } as const);

export function tempograd(schedule: OwnSchedule): Engine {
  return {
    engine: "tempograd",
    backend: "webgpu",
    version,
    async open({ cell, shape, parameters, inputs, targets, learningRate }) {
      const { steps, batch } = shape;
      const options = optionsOf(schedule);
      const gpu = await openGpu(options.gpu);
      try {
        const network = await Network.create(gpu, networkOf(cell, shape));
        network.write(parameters);
        const optimizer = sgd({ learningRate });
        const trainer = await Trainer.create(network, { steps, batch, optimizer, ...options.trainer });
        return {
          dispatches: trainer.pass.program.describe().total.dispatches,
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
