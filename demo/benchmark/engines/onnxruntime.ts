// onnxruntime-web as a predictor of the benchmark: with its recurrent operator, which computes on the processor whatever
// the backend, or with the operators of each step written out ("by hand"), all of them on WebGPU.

import { devDependencies } from "../../../package.json";
import { modelBytes } from "../../../src/onnx/model";
import type { Predictor } from "./engine";
import { operatorGraph } from "./onnx-model";
import { unrolledGraph } from "./onnx-unrolled";

const graphs = { "onnxruntime-web": operatorGraph, "onnxruntime-web by hand": unrolledGraph };

export const onnxruntime = (engine: keyof typeof graphs, backend: "webgpu" | "wasm"): Predictor => ({
  engine,
  backend,
  version: devDependencies["onnxruntime-web"],
  async open(problem) {
    const { InferenceSession, Tensor } = await (backend === "webgpu"
      ? import("onnxruntime-web/webgpu")
      : import("onnxruntime-web/wasm"));
    const { steps, batch } = problem.shape;
    const model = modelBytes({ graph: graphs[engine](problem) });
    const onGpuAlone = engine === "onnxruntime-web by hand" && { session: { disable_cpu_ep_fallback: "1" } };
    const session = await InferenceSession.create(model, {
      executionProviders: [backend],
      logSeverityLevel: 3, // errors alone: that the recurrence is the processor's is known
      ...(onGpuAlone && { extra: onGpuAlone }),
    });
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
