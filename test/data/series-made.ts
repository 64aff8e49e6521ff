// Three series that are made: a trend with a season, a level that shifts, and a value that a second one moves.

import { Random } from "../../src/data/random";
import type { Series } from "../../src/index";

const normal = (random: Random) =>
  Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());

/** A season of 12 steps on a rising line. */
export function trendAndSeason(steps: number, seed: number): Series {
  const random = Random.ofSeed("test", seed);
  const y = Float64Array.from({ length: steps }, (_, t) => {
    return (
      200 + 0.4 * t + 25 * Math.sin((2 * Math.PI * t) / 12) + 8 * Math.cos((4 * Math.PI * t) / 12) + 3 * normal(random)
    );
  });
  return { y };
}

/** A season of 8 steps on a level that is another after 30 to 60 steps, and never twice the same. */
export function levelShift(steps: number, seed: number): Series {
  const random = Random.ofSeed("test", seed);
  let level = 0;
  let left = 0;
  const y = Float64Array.from({ length: steps }, (_, t) => {
    if (left-- === 0) {
      level += 20 * normal(random);
      left = random.integer(30, 60);
    }
    return level + 6 * Math.sin((2 * Math.PI * t) / 8) + 1.5 * normal(random);
  });
  return { y };
}

/** A season of 8 steps, less what a price takes away, which is known ahead and changes at random; beside it a column that never changes. */
export function sales(steps: number, seed: number): Series {
  const random = Random.ofSeed("test", seed);
  let price = 10;
  const prices = Float64Array.from({ length: steps }, () => {
    if (random.uniform() < 0.3) price = random.integer(5, 15);
    return price;
  });
  const sold = Float64Array.from({ length: steps }, (_, t) => {
    return 500 - 20 * prices[t]! + 40 * Math.sin((2 * Math.PI * t) / 8) + 12 * normal(random);
  });
  return { sold, price: prices, shop: new Float64Array(steps).fill(7) };
}
