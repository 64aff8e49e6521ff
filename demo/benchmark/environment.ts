// Where a run takes place: adapter, browser and versions, so that its numbers can be compared with others'.

import { version } from "../../package.json";
import { openGpu } from "../../src/index";
import type { Environment } from "./report";

/** All but what only its place knows. */
export async function findEnvironment(): Promise<Omit<Environment, "commit" | "tabVisible">> {
  const gpu = await openGpu();
  const { description, software } = gpu;
  gpu.destroy();
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  const { userAgent, hardwareConcurrency } = navigator;
  return {
    date: new Date().toISOString(),
    adapter: description,
    software,
    features: [...(adapter?.features ?? [])].sort(),
    limits: adapter ? limitsOf(adapter.limits) : {},
    browser: browserOf(userAgent),
    platform: /\(([^)]*)\)/.exec(userAgent)?.[1] ?? "unknown",
    cores: hardwareConcurrency,
    versions: { tempograd: version },
    timerUs: timerResolution(),
  };
}

/** By name; they are getters of the prototype, which nothing copies. */
function limitsOf(limits: GPUSupportedLimits): Record<string, number> {
  const names = Object.keys(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(limits)));
  const values = names.map((name) => [name, limits[name as keyof GPUSupportedLimits]] as const);
  return Object.fromEntries(values.filter((entry): entry is [string, number] => typeof entry[1] === "number").sort());
}

/** Name and version, from how the browser introduces itself. */
function browserOf(userAgent: string): string {
  const products = userAgent.match(/\b(Edg|OPR|HeadlessChrome|Chrome|Firefox|Version|Node)\/[\d.]+/g) ?? [];
  const first = ["Edg", "OPR", "HeadlessChrome", "Chrome", "Firefox", "Version", "Node"]
    .map((name) => products.find((product) => product.startsWith(`${name}/`)))
    .find(Boolean);
  return (
    first?.replace("Version/", "Safari ").replace("Edg/", "Edge ").replace("OPR/", "Opera ").replace("/", " ") ??
    userAgent
  );
}

/** The smallest of many steps of `performance.now()`, in microseconds. */
function timerResolution(): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 50; i++) {
    const before = performance.now();
    let after = before;
    while (after === before) after = performance.now();
    least = Math.min(least, after - before);
  }
  return Math.round(1e6 * least) / 1e3;
}
