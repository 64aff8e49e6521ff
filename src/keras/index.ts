// The public surface of `tempograd/keras`.

export { fromKeras } from "./from-keras";
export type { TensorFlowJsFiles } from "./from-tensorflow-js";
export { fromTensorFlowJs } from "./from-tensorflow-js";
export type { KerasNetwork } from "./read-model";
