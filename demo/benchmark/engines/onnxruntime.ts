// onnxruntime-web as a predictor of the benchmark: one recurrent operator, on WebAssembly's threads or on WebGPU.

import { devDependencies } from "../../../package.json";
import type { Predictor } from "./engine";
import { onnxModel } from "./onnx-model";

export const onnxruntime = (backend: "webgpu" | "wasm"): Predictor => ({
  engine: "onnxruntime-web",
  backend,
  version: devDependencies["onnxruntime-web"],
  async open(problem) {
    const { InferenceSession, Tensor } = await (backend === "webgpu"
      ? import("onnxruntime-web/webgpu")
      : import("onnxruntime-web/wasm"));
    const { steps, batch } = problem.shape;
    const session = await InferenceSession.create(onnxModel(problem), { executionProviders: [backend] });
    return {
      async run(count) {
        let logits = new Float32Array();
        for (let i = 0; i < count; i++) {
          const tokens = new Tensor("int32", problem.inputs, [steps, batch]);
          const outputs = await session.run({ tokens });
          logits = (await outputs.logits!.getData()) as Float32Array<ArrayBuffer>;
        }
        return logits;
      },
      close: () => session.release(),
    };
  },
});
