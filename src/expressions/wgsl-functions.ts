// Functions that generated WGSL calls. They keep NaN and infinity where they arise, which WGSL's own do not promise.

import { wgslWords } from "./wgsl-words";

export type WgslType = "vec4f" | "f32";

// The first five are those of shaders/cell.wgsl. Far out, tanh and exp are NaN on some drivers: bounds keep them from there.
// A bound, max and select hide NaN, and comparing it with itself is optimised away: its bits tell.
const texts = {
  isNan: `fn isNan(a: vec4f) -> vec4<bool> { return (bitcast<vec4u>(a) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }`,
  tanhOf: `fn tanhOf(a: vec4f) -> vec4f { return select(tanh(clamp(a, vec4f(-10.0), vec4f(10.0))), a, isNan(a)); }`,
  sigmoid: `fn sigmoid(a: vec4f) -> vec4f {
  return select(1.0 / (1.0 + exp(-clamp(a, vec4f(-80.0), vec4f(80.0)))), a, isNan(a));
}`,
  dTanh: `fn dTanh(t: vec4f) -> vec4f { return 1.0 - t * t; }`,
  dSigmoid: `fn dSigmoid(s: vec4f) -> vec4f { return s * (1.0 - s); }`,
  // WGSL has no literal for infinity or NaN, and refuses constants of their bits: a makes them no constants.
  ofBits: `fn ofBits(bits: u32, a: vec4f) -> vec4f { return bitcast<vec4f>(vec4u(bits) | (bitcast<vec4u>(a) & vec4u(0u))); }`,
  infinity: `fn infinity(a: vec4f) -> vec4f { return ofBits(0x7f800000u, a); }`,
  nan: `fn nan(a: vec4f) -> vec4f { return ofBits(0x7fc00000u, a); }`,
  expOf: `fn expOf(a: vec4f) -> vec4f {
  let e = exp(clamp(a, vec4f(-104.0), vec4f(88.72283)));
  return select(select(e, infinity(a), a > vec4f(88.72283)), a, isNan(a));
}`,
  logOf: `fn logOf(a: vec4f) -> vec4f {
  let outside = select(nan(a), -infinity(a), a == vec4f());
  return select(select(outside, log(a), a > vec4f()), a, isNan(a) | (a > vec4f(3.4028234e38)));
}`,
  // Near 0 by the series of 2·artanh(s): there 1 + a would lose what counts.
  log1pOf: `fn log1pOf(a: vec4f) -> vec4f {
  let s = a / (2.0 + a);
  let q = s * s;
  let near = s * (2.0 + q * (0.6666667 + q * (0.4 + q * 0.2857143)));
  return select(logOf(1.0 + a), near, abs(a) < vec4f(0.25));
}`,
  sqrtOf: `fn sqrtOf(a: vec4f) -> vec4f { return select(sqrt(max(a, vec4f())), nan(a), (a < vec4f()) | isNan(a)); }`,
  signOf: `fn signOf(a: vec4f) -> vec4f { return select(sign(a), a, isNan(a)); }`,
  reluOf: `fn reluOf(a: vec4f) -> vec4f { return select(max(a, vec4f()), a, isNan(a)); }`,
  softplusOf: `fn softplusOf(a: vec4f) -> vec4f {
  return select(max(a, vec4f()) + log1pOf(exp(-min(abs(a), vec4f(104.0)))), a, isNan(a));
}`,
  maxOf: `fn maxOf(a: vec4f, b: vec4f) -> vec4f { return select(select(max(a, b), b, isNan(b)), a, isNan(a)); }`,
  minOf: `fn minOf(a: vec4f, b: vec4f) -> vec4f { return select(select(min(a, b), b, isNan(b)), a, isNan(a)); }`,
  selectOf: `// a where \`test\` > 0, else b
fn selectOf(a: vec4f, b: vec4f, test: vec4f) -> vec4f { return select(select(b, a, test > vec4f()), test, isNan(test)); }`,
  largerOf: `// 1 where a > b, a half where they are the same, else 0
fn largerOf(a: vec4f, b: vec4f) -> vec4f {
  let larger = select(select(vec4f(), vec4f(0.5), a == b), vec4f(1.0), a > b);
  return select(larger, a + b, isNan(a) | isNan(b));
}`,
} as const;

/** The names of the functions that `wgslLines` may call. */
export const wgslFunctionNames: ReadonlySet<string> = new Set(Object.keys(texts));

const ofTheLanguage = "abs bitcast bool clamp exp f32 log max min select sign sqrt tanh u32 vec4 vec4f vec4u".split(
  " ",
);

/** No value may have one of these for a name: words of WGSL, and what `wgslLines` and these functions call. */
export const wgslNames: ReadonlySet<string> = new Set([...wgslWords, ...wgslFunctionNames, ...ofTheLanguage]);

/**
 * The text of functions and of those that they call, in one order.
 * @param wanted as `wgslLines` answers them
 * @param defined those that stand in the shader already, as in shaders/cell.wgsl
 * @throws for a name that is of none of them.
 */
export function wgslFunctions(wanted: Iterable<string>, type: WgslType, defined: readonly string[] = []): string {
  const names = new Set(wanted);
  for (const name of names) {
    if (!(name in texts)) {
      throw new Error(`wgslFunctions: got "${name}", expected one of ${Object.keys(texts).join(", ")}.`);
    }
    if (defined.includes(name)) continue;
    for (const [, called] of texts[name as keyof typeof texts].matchAll(/(\w+)\(/g)) {
      if (called! in texts) names.add(called!); // the loop comes to it too
    }
  }
  const lines = Object.entries(texts).flatMap(([name, text]) =>
    names.has(name) && !defined.includes(name) ? [`${text}\n`] : [],
  );
  return type === "vec4f" ? lines.join("") : scalar(lines.join(""));
}

const scalar = (text: string) =>
  text.replaceAll("vec4<bool>", "bool").replaceAll("vec4f", "f32").replaceAll("vec4u", "u32");
