// The engines of the benchmark by name. Their modules are loaded elsewhere, so that a page may name them without them.

import type { Schedule } from "../../../src/index";

/** How tempograd dispatches its recurrences: in one schedule, or as it measures to be the fastest. */
export type OwnSchedule = Schedule | "measured";

/** What tells one engine from another. */
export interface EngineName {
  /** A peer with its own automatic differentiation, or "by hand": with a backward pass written in its operations. */
  engine: "tempograd" | "TF.js" | "TF.js by hand" | "jax-js" | "jax-js by hand" | "brain.js";
  backend: "webgpu" | "webgl" | "wasm" | "cpu";
  /** Of tempograd alone. */
  schedule?: OwnSchedule;
}

export const engineNames: readonly EngineName[] = [
  { engine: "tempograd", backend: "webgpu", schedule: "fused" },
  { engine: "tempograd", backend: "webgpu", schedule: "unrolled" },
  { engine: "tempograd", backend: "webgpu", schedule: "measured" },
  { engine: "TF.js", backend: "webgpu" },
  { engine: "TF.js", backend: "webgl" },
  { engine: "TF.js", backend: "cpu" },
  { engine: "TF.js by hand", backend: "webgpu" },
  { engine: "TF.js by hand", backend: "webgl" },
  { engine: "TF.js by hand", backend: "cpu" },
  { engine: "jax-js", backend: "webgpu" },
  { engine: "jax-js", backend: "wasm" },
  { engine: "jax-js by hand", backend: "webgpu" },
  { engine: "jax-js by hand", backend: "wasm" },
  { engine: "brain.js", backend: "cpu" },
];

/** Peers that a browser cannot import as they are: what serves the page bundles them first. */
export const bundledPeers: readonly string[] = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-core/dist/register_all_gradients",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-backend-webgl",
  "@tensorflow/tfjs-backend-cpu",
  "brain.js/browser.js",
];
