// Loads the engines of the benchmark: each where it is run, and nowhere else.

import type { Engine, Predictor } from "./engine";
import type { EngineName } from "./names";

/** @throws where no engine has that name and backend. */
export async function engineOf({ engine, backend, schedule = "fused" }: EngineName): Promise<Engine> {
  switch (`${engine} ${backend}` as const) {
    case "tempograd webgpu":
      return (await import("./tempograd")).tempograd(schedule);
    case "TF.js webgpu":
    case "TF.js webgl":
    case "TF.js cpu":
      return (await import("./tfjs-autodiff")).tfjs(backend as "webgpu" | "webgl" | "cpu");
    case "TF.js by hand webgpu":
    case "TF.js by hand webgl":
    case "TF.js by hand cpu":
      return (await import("./tfjs-by-hand")).tfjsByHand(backend as "webgpu" | "webgl" | "cpu");
    case "jax-js webgpu":
    case "jax-js wasm":
      return (await import("./jax-js-autodiff")).jaxJs(backend as "webgpu" | "wasm");
    case "jax-js by hand webgpu":
    case "jax-js by hand wasm":
      return (await import("./jax-js-by-hand")).jaxJsByHand(backend as "webgpu" | "wasm");
    case "brain.js cpu":
      return (await import("./brain-js")).brainJs;
    default:
      throw new Error(`engineOf: there is no ${engine} on ${backend} that trains; take one of engineNames.`);
  }
}

/** Likewise of those that predict. */
export async function predictorOf({ engine, backend, schedule = "fused" }: EngineName): Promise<Predictor> {
  switch (`${engine} ${backend}` as const) {
    case "tempograd webgpu":
      return (await import("./tempograd-predictor")).tempogradPredictor(schedule);
    case "onnxruntime-web webgpu":
    case "onnxruntime-web wasm":
    case "onnxruntime-web by hand webgpu":
      return (await import("./onnxruntime")).onnxruntime(
        engine as "onnxruntime-web" | "onnxruntime-web by hand",
        backend as "webgpu" | "wasm",
      );
    default:
      throw new Error(`predictorOf: there is no ${engine} on ${backend} that predicts; take one of engineNames.`);
  }
}
