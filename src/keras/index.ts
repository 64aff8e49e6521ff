// The public surface of `tempograd/keras`.

export { hardGru } from "../cells/hard-gru";
export { hardLstm } from "../cells/hard-lstm";
export { fromKeras } from "./from-keras";
export type { TensorFlowJsFiles } from "./from-tensorflow-js";
export { fromTensorFlowJs } from "./from-tensorflow-js";
export type { KerasNetwork } from "./read-model";
