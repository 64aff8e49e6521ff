// The library itself predicting: its pass forward without a loss, from tokens on the processor to logits there.

import { version } from "../../../package.json";
import { Network, noLoss, openGpu, readTensors } from "../../../src/index";
import { networkOf } from "../problem";
import type { Predictor } from "./engine";
import type { OwnSchedule } from "./names";
import { optionsOf } from "./tempograd";

export const tempogradPredictor = (schedule: OwnSchedule): Predictor => ({
  engine: "tempograd",
  backend: "webgpu",
  version,
  async open({ cell, shape, parameters, inputs }) {
    const { steps, batch } = shape;
    const options = optionsOf(schedule);
    const gpu = await openGpu(options.gpu);
    try {
      const network = await Network.create(gpu, { ...networkOf(cell, shape), loss: noLoss() });
      network.write(parameters);
      const pass = await network.pass({ steps, batch, ...options.trainer });
      return {
        dispatches: pass.program.describe().total.dispatches,
        async run(count) {
          let logits = new Float32Array();
          for (let i = 0; i < count; i++) {
            pass.write({ inputs });
            pass.run();
            [logits] = (await readTensors(gpu, [pass.tensors.logits])) as [Float32Array<ArrayBuffer>];
          }
          return logits;
        },
        bytes: () => gpu.live.bytes,
        close: () => gpu.destroy(),
      };
    } catch (error) {
      gpu.destroy();
      throw error;
    }
  },
});
