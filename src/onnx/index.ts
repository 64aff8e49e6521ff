// The public surface of `tempograd/onnx`.

export type { FromOnnxOptions, OnnxNetwork } from "./from-onnx";
export { fromOnnx } from "./from-onnx";
export type { OnnxOptions } from "./to-onnx";
export { toOnnx } from "./to-onnx";
