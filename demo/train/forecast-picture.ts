// A forecast with its interval, over what came.

import { maximum, minimum } from "../extremes";
import { html, svg } from "../page";
import type { Answer } from "../tasks/asking";

const [width, height, left, foot] = [640, 220, 48, 22];

export function forecastPicture({
  name,
  first,
  past,
  truth,
  forecast,
}: Extract<Answer, { kind: "forecast" }>): HTMLElement {
  const { low, middle, high } = forecast;
  const values = [...past, ...truth, ...low, ...high].filter(Number.isFinite);
  const [least, most] = [minimum(values), maximum(values)];
  const steps = past.length + truth.length - 1;
  const x = (step: number) => left + ((width - left - 8) * step) / Math.max(1, steps);
  const y = (value: number) => 8 + (height - foot - 12) * (1 - (value - least) / (most - least || 1));
  const line = (values: readonly number[], from: number) =>
    values.map((value, i) => `${i === 0 ? "M" : "L"}${x(from + i).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const at = past.length;
  const back = high.map((value, i) => `L${x(at + i).toFixed(1)} ${y(value).toFixed(1)}`).reverse();
  const axis = [least, most].map((value) =>
    svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, String(Number(value.toPrecision(3)))),
  );
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", class: "forecast" },
    svg("path", { class: "interval", d: `${line(low, at)}${back.join("")}Z` }),
    svg("path", { class: "truth", d: line([...past, ...truth], 0) }),
    svg("path", { class: "middle", d: line(middle, at) }),
    svg("path", { class: "now", d: `M${x(at - 0.5)} 4V${height - foot}` }),
    ...axis,
    svg("text", { x: x(0), y: height - 6 }, `step ${(first + 1).toLocaleString("en")}`),
    svg("text", { x: x(at), y: height - 6, "text-anchor": "middle" }, (first + at + 1).toLocaleString("en")),
  );
  const error = middle.reduce((sum, value, i) => sum + Math.abs(value - truth[i]!), 0) / middle.length;
  const within = middle.filter((_, i) => low[i]! <= truth[i]! && truth[i]! <= high[i]!).length;
  const figure = (value: number) => String(Number(value.toPrecision(3)));
  picture.setAttribute(
    "aria-label",
    `${name}: what came, and the forecast of ${middle.length} steps with its interval of 80%`,
  );
  return html(
    "figure",
    "",
    picture,
    html(
      "figcaption",
      "note",
      `${name}: the line is what came, the dashes its forecast, the band an interval of 80%. It is ${figure(error)} off on average; ${within} of ${middle.length} steps lie in the band.`,
    ),
  );
}
