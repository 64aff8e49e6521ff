// How large a training may be that the processor computes: a step of it is to take a moment, also on a phone.

import { initialParameters, networkConfig, type UniformOptions } from "../../src/index";
import { refusal } from "../data/refusal";

/**
 * Parameters that a training step meets, each once in a time step of a sequence: a quarter of a second on one core of a
 * server, of the cells that are the library's own words, and more on a phone.
 */
const mostMet = 30e6;

/**
 * @param network of which all but `hidden` stays
 * @param size of a training step
 * @throws where it is too large, with the largest that is not.
 */
export function expectFits(network: UniformOptions, { steps, batch }: { steps: number; batch: number }): void {
  const met = parametersBy(network);
  const fits = (hidden: number) => met(hidden) * steps * batch <= mostMet;
  const { hidden } = network;
  if (fits(hidden)) return;
  let most = hidden;
  while (most > 0 && !fits(most)) most--;
  const whole = (value: number) => value.toLocaleString("en");
  const place = "on the processor, which computes where a browser has no WebGPU";
  const of = `with ${whole(steps)} time steps and a batch of ${whole(batch)}`;
  if (most === 0) {
    throw refusal(
      "The training",
      `has ${whole(steps * batch)} time steps of all sequences`,
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

/** How many parameters there are by how many hidden units: a polynomial of the second degree, by Newton's differences. */
function parametersBy(network: UniformOptions): (hidden: number) => number {
  const [first, second, third] = [1, 2, 3].map((hidden) => {
    const values = initialParameters(networkConfig({ ...network, hidden })).values();
    return [...values].reduce((sum, { data }) => sum + data.length, 0);
  }) as [number, number, number];
  const [slope, bend] = [second - first, third - 2 * second + first];
  return (hidden) => first + (hidden - 1) * slope + (((hidden - 1) * (hidden - 2)) / 2) * bend;
}
