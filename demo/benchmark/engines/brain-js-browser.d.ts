// What the benchmark uses of brain.js, in the one of its files that needs nothing of Node and has no typings.
declare module "brain.js/browser.js" {
  interface Net {
    initialize(): void;
    trainPattern(tokens: number[], report: true): number;
  }
  type NetClass = new (options: Record<string, unknown>) => Net;
  export const recurrent: Record<"RNN" | "GRU" | "LSTM", NetClass>;
}
