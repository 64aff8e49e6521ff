// The public surface of `tempograd/hugging-face`.

export type { HuggingFaceNetwork } from "./from-hugging-face";
export { fromHuggingFace } from "./from-hugging-face";
export type { HuggingFaceOptions } from "./to-hugging-face";
export { toHuggingFace } from "./to-hugging-face";
