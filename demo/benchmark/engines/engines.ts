// The engines of the benchmark by name; a peer is loaded where it is run, and nowhere else.

import type { Schedule } from "../../../src/index";
import type { Engine } from "./engine";

/** What tells one engine from another. */
export interface EngineName {
  engine: "tempograd" | "TF.js" | "jax-js" | "brain.js";
  backend: "webgpu" | "webgl" | "wasm" | "cpu";
  /** Of tempograd alone. */
  schedule?: Schedule;
}

export const engineNames: readonly EngineName[] = [
  { engine: "tempograd", backend: "webgpu", schedule: "fused" },
  { engine: "tempograd", backend: "webgpu", schedule: "unrolled" },
  { engine: "TF.js", backend: "webgpu" },
  { engine: "TF.js", backend: "webgl" },
  { engine: "TF.js", backend: "cpu" },
  { engine: "jax-js", backend: "webgpu" },
  { engine: "jax-js", backend: "wasm" },
  { engine: "brain.js", backend: "cpu" },
];

/** Peers that a browser cannot import as they are: what serves the page bundles them first. */
export const bundledPeers: readonly string[] = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-backend-webgl",
  "@tensorflow/tfjs-backend-cpu",
  "brain.js/browser.js",
];

/** @throws where no engine has that name and backend. */
export async function engineOf({ engine, backend, schedule = "fused" }: EngineName): Promise<Engine> {
  switch (`${engine} ${backend}` as const) {
    case "tempograd webgpu":
      return (await import("./tempograd")).tempograd(schedule);
    case "TF.js webgpu":
    case "TF.js webgl":
    case "TF.js cpu":
      return (await import("./tfjs")).tfjs(backend as "webgpu" | "webgl" | "cpu");
    case "jax-js webgpu":
    case "jax-js wasm":
      return (await import("./jax-js")).jaxJs(backend as "webgpu" | "wasm");
    case "brain.js cpu":
      return (await import("./brain-js")).brainJs;
    default:
      throw new Error(`engineOf: there is no ${engine} on ${backend}; take one of engineNames.`);
  }
}
