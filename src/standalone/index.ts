// The public surface of `tempograd/standalone`.

export type { StandaloneOptions } from "./to-standalone";
export { toStandalone } from "./to-standalone";
