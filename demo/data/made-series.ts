// A series that is made, to forecast where nobody brings one: what a town might draw of electricity, hour by hour.

/** Steps of a season. */
export const madeSeason = 24;
const days = 120;

/** Load that rises slowly and goes by the hour, less in warm weather, which is known ahead; and noise. Always the same. */
export function madeSeries(): { load: Float64Array; warmth: Float64Array } {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const steps = days * madeSeason;
  let weather = 0;
  const warmth = Float64Array.from({ length: steps }, (_, t) => {
    weather = 0.97 * weather + 0.6 * normal();
    return 12 + weather + 4 * Math.sin((2 * Math.PI * (t - 8)) / madeSeason);
  });
  const load = Float64Array.from({ length: steps }, (_, t) => {
    const hour = (2 * Math.PI * t) / madeSeason;
    return 300 + 0.02 * t + 60 * Math.sin(hour - 2) + 25 * Math.sin(2 * hour) - 6 * warmth[t]! + 6 * normal();
  });
  return { load, warmth };
}
