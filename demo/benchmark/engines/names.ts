// The engines of the benchmark by name. Their modules are loaded elsewhere, so that a page may name them without them.

import type { Schedule } from "../../../src/index";

/** How tempograd dispatches its recurrences: in one schedule, or as it measures to be the fastest. */
export type OwnSchedule = Schedule | "measured";

/** What is measured: training steps, or predictions, the logits of every step. */
export const works = ["train", "predict"] as const;
export type Work = (typeof works)[number];

/** What tells one engine from another. */
export interface EngineName {
  /** A peer as its users take it, or "by hand": with a backward pass, or what a step computes, written in its operations. */
  engine:
    | "tempograd"
    | "TF.js"
    | "TF.js by hand"
    | "jax-js"
    | "jax-js by hand"
    | "brain.js"
    | "onnxruntime-web"
    | "onnxruntime-web by hand"
    | "PyTorch";
  backend: "webgpu" | "webgl" | "wasm" | "cpu" | "cuda";
  /** Of tempograd alone. */
  schedule?: OwnSchedule;
}

/** Those that a page can run. */
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
  { engine: "onnxruntime-web", backend: "webgpu" },
  { engine: "onnxruntime-web", backend: "wasm" },
  { engine: "onnxruntime-web by hand", backend: "webgpu" },
];

/** Those that are programs of their own, which the terminal starts. */
export const programNames: readonly EngineName[] = [
  { engine: "PyTorch", backend: "cpu" },
  { engine: "PyTorch", backend: "cuda" },
];

export const isProgram = ({ engine }: EngineName): boolean => programNames.some((name) => name.engine === engine);

/** Whether an engine is measured at it: onnxruntime-web does not train, and others are compared at training alone. */
export const canDo = (work: Work, { engine }: EngineName): boolean =>
  engine === "tempograd" || engine.startsWith("onnxruntime-web") === (work === "predict");

/** Peers that a browser cannot import as they are: what serves the page bundles them first. */
export const bundledPeers: readonly string[] = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-core/dist/register_all_gradients",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-backend-webgl",
  "@tensorflow/tfjs-backend-cpu",
  "brain.js/browser.js",
];
