// The public surface of `tempograd/onnx`.

export type { OnnxOptions } from "./to-onnx";
export { toOnnx } from "./to-onnx";
