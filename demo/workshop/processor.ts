// How large a training may be that the processor computes: a step of it is to take a moment, also on a phone.

import { initialParameters, type NetworkOptions, networkConfig, type PartsOptions } from "../../src/index";
import { refusal } from "../data/refusal";

/**
 * Parameters that a training step meets, each once in a time step of a sequence: a quarter of a second on one core of a
 * server, of the cells that are the library's own words, and more on a phone.
 */
const mostMet = 30e6;

interface Size {
  steps: number;
  batch: number;
  /** Of what an encoder reads. */
  sourceSteps?: number | undefined;
}

/**
 * @param network of which all but `hidden` stays
 * @param size of a training step
 * @throws where it is too large, with the largest that is not.
 */
export function expectFits(network: NetworkOptions, size: Size): void {
  const { steps, batch, sourceSteps = 0 } = size;
  const met = parametersBy(network, size);
  const fits = (hidden: number) => met(hidden) * batch <= mostMet;
  const hidden = "cell" in network ? network.hidden : network.layers[0]!.hidden;
  if (fits(hidden)) return;
  let most = hidden;
  while (most > 0 && !fits(most)) most--;
  const whole = (value: number) => value.toLocaleString("en");
  const place = "on the processor, which computes where a browser has no WebGPU";
  const of = `with ${whole(steps + sourceSteps)} time steps and a batch of ${whole(batch)}`;
  if (most === 0) {
    throw refusal(
      "The training",
      `has ${whole((steps + sourceSteps) * batch)} time steps of all sequences`,
      `fewer ${place}`,
      "take fewer time steps, or a smaller batch",
    );
  }
  throw refusal(
    "The network",
    `has ${whole(hidden)} hidden units`,
    `${whole(most)} at most ${of}, ${place}`,
    "take fewer, or fewer time steps or a smaller batch",
  );
}

/**
 * How many parameters all time steps of a sequence meet, by how many hidden units: a polynomial of the second degree, by Newton's
 * differences.
 */
function parametersBy(network: NetworkOptions, { steps, sourceSteps = 0 }: Size): (hidden: number) => number {
  const [first, second, third] = [1, 2, 3].map((hidden) => {
    const values = [...initialParameters(networkConfig(withHidden(network, hidden)))];
    return values.reduce(
      (sum, [name, { data }]) => sum + data.length * (name.startsWith("encoder.") ? sourceSteps : steps),
      0,
    );
  }) as [number, number, number];
  const [slope, bend] = [second - first, third - 2 * second + first];
  return (hidden) => first + (hidden - 1) * slope + (((hidden - 1) * (hidden - 2)) / 2) * bend;
}

function withHidden(network: NetworkOptions, hidden: number): NetworkOptions {
  if ("cell" in network) return { ...network, hidden };
  const wide = (layers: PartsOptions["layers"]) => layers.map((layer) => ({ ...layer, hidden }));
  const { encoder, layers } = network;
  return {
    ...network,
    layers: wide(layers),
    ...(encoder && { encoder: { ...encoder, layers: wide(encoder.layers) } }),
  };
}
