// Mounts the view of networks unrolled through time in a page, under the pages' policy, with real and made-up numbers.

import { type Unrolled, Unroller, type UnrollOptions } from "../../demo/through-time/unroll";
import { ThroughTimeView } from "../../demo/through-time/view";
import { Network, openGpu, type UniformOptions, Vocabulary } from "../../src/index";

let view: ThroughTimeView;
let answer: (target?: number) => void;
/** Whether the view asked for gates. */
let beside = false;
const targetsAsked: (number | null)[] = [];

/** What the view asked for until now. */
export const asked = () => targetsAsked;

/** Puts an empty view in the page. */
export async function mount(): Promise<void> {
  document.documentElement.lang = "en";
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "default-src 'self'; style-src 'self'";
  document.head.append(policy);
  const sheets = ["/demo/style.css", "/demo/through-time/through-time.css"].map((href) => {
    const sheet = document.createElement("link");
    Object.assign(sheet, { rel: "stylesheet", href });
    document.head.append(sheet);
    return new Promise((resolve) => sheet.addEventListener("load", resolve));
  });
  await Promise.all(sheets);
  const [main, heading] = [document.createElement("main"), document.createElement("h1")];
  heading.textContent = "Through time";
  main.append(heading);
  document.body.append(main);
  view = new ThroughTimeView(main, {
    target(step) {
      targetsAsked.push(step ?? null);
      answer(step);
    },
    beside(wanted) {
      beside = wanted;
      answer();
    },
  });
}

/** Shows networks as they begin, of up to 48 characters of a text, and answers what the view asks for. */
export async function showNetworks(
  networks: Record<string, Partial<UniformOptions> & Pick<UniformOptions, "cell">>,
  text: string,
): Promise<void> {
  const gpu = await openGpu();
  const vocabulary = Vocabulary.fromText(text, { limit: 64 });
  const tokens = vocabulary.encode(text);
  const symbols = Array.from(tokens, (token) => vocabulary.symbols[token]!);
  const steps = Math.min(48, tokens.length - 1);
  const sizes = { inputs: vocabulary.size, hidden: 32, outputs: vocabulary.size };
  const unrollers = new Map<string, Unroller>();
  for (const [title, options] of Object.entries(networks)) {
    const network = await Network.create(gpu, { ...sizes, input: "tokens", readout: "every-step", ...options });
    unrollers.set(title, await Unroller.create(network, steps));
  }
  const batch = { inputs: tokens.slice(0, steps), targets: tokens.slice(1, steps + 1) };
  const labels = { labels: symbols.slice(0, steps), predicted: symbols.slice(1, steps + 1) };
  const unrolled = async (target?: number) => {
    const options: UnrollOptions = { ...labels, target };
    const all = [...unrollers].map(async ([title, unroller]) => ({
      title,
      unrolled: await unroller.unroll(batch, options),
    }));
    view.show(await Promise.all(all));
  };
  answer = (target) => void unrolled(target);
  await unrolled();
}

/** Shows gradients that shrink by a factor from step to step, of a text of our own: [title, factor]. */
export function showMadeUp(networks: readonly (readonly [string, number])[], text: string): void {
  const labels = [...text];
  answer = (target) =>
    view.show(networks.map(([title, factor]) => ({ title, unrolled: madeUp(title, labels, factor, target) })));
  answer();
}

export function clear(): void {
  view.clear();
}

/** Lets the view look back at earlier gradients: [step, factor from a step of the sequence to the next]. */
export function lookBack(flows: readonly (readonly [number, number])[], steps: number): void {
  view.lookBack(
    flows.map(([step, factor]) => ({
      step,
      gradient: Array.from({ length: steps + 1 }, (_, t) => factor ** (steps - t)),
    })),
  );
}

/** One that is called LSTM has a forget gate, where that is asked for: of unit u at step t, (t + u) / 100. */
function madeUp(title: string, labels: string[], factor: number, target?: number): Unrolled {
  const from = target ?? labels.length - 1;
  const gradient = Float64Array.from({ length: labels.length + 1 }, (_, t) =>
    t > from + 1 ? 0 : factor ** (from + 1 - t),
  );
  const forget = Float32Array.from({ length: 4 * labels.length }, (_, i) => (Math.floor(i / 4) + (i % 4)) / 100);
  const row = (layer: number) => ({
    label: `layer ${layer + 1}`,
    layer,
    backwards: false,
    rms: new Float32Array(labels.length).fill(0.5),
    units: Float32Array.from({ length: 4 * labels.length }, (_, i) => Math.sin(i)),
    unitCount: 4,
    ...(beside && title === "LSTM" && { beside: [{ name: "f", values: forget }] }),
    gradient,
  });
  return {
    cell: title.toLowerCase(),
    text: true,
    labels,
    predicted: undefined,
    rows: [row(0), row(1)],
    losses: Float64Array.from(labels, (_, step) => step + 1),
    nats: true,
    inputGradient: gradient.slice(1),
    loss: 1,
    target,
  };
}
