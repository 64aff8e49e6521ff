// The file of brain.js that needs nothing of Node: what the benchmark uses of it, which its own typings leave out.
declare module "brain.js/browser.js" {
  interface Net {
    initialize(): void;
    /** @returns a perplexity, of bits per token but one, in hundredths. */
    trainPattern(tokens: number[], report: true): number;
  }
  type NetClass = new (options: Record<string, unknown>) => Net;
  export const recurrent: Record<"RNN" | "GRU" | "LSTM", NetClass>;
}
