// The operations of an expression: what each computes in float64, what it costs, and how it is written in WGSL.

/** One operation on one to three numbers. */
export interface OperationDefinition {
  readonly arity: 1 | 2 | 3;
  readonly float64: (a: number, b: number, c: number) => number;
  /** What it costs to compute it again, in additions: an estimate. */
  readonly work: number;
  /** WGSL: an operator, a function of the language, or one of `wgsl-functions.ts`. */
  readonly wgsl: string;
  /** Whether a and b may change places. */
  readonly commutes?: boolean;
  /** Whether it is finite wherever its operands are. */
  readonly staysFinite?: boolean;
}

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
const notANumber = (...operands: number[]) => operands.some(Number.isNaN);

export const operations = {
  plus: { arity: 2, float64: (a, b) => a + b, work: 1, wgsl: "+", commutes: true },
  minus: { arity: 2, float64: (a, b) => a - b, work: 1, wgsl: "-" },
  times: { arity: 2, float64: (a, b) => a * b, work: 1, wgsl: "*", commutes: true },
  over: { arity: 2, float64: (a, b) => a / b, work: 4, wgsl: "/" },
  negated: { arity: 1, float64: (a) => -a, work: 0, wgsl: "-", staysFinite: true },
  exp: { arity: 1, float64: Math.exp, work: 8, wgsl: "expOf" },
  log: { arity: 1, float64: Math.log, work: 8, wgsl: "logOf" },
  log1p: { arity: 1, float64: Math.log1p, work: 16, wgsl: "log1pOf" },
  sqrt: { arity: 1, float64: Math.sqrt, work: 6, wgsl: "sqrtOf" },
  abs: { arity: 1, float64: Math.abs, work: 1, wgsl: "abs", staysFinite: true },
  sign: { arity: 1, float64: Math.sign, work: 2, wgsl: "signOf", staysFinite: true },
  sigmoid: { arity: 1, float64: sigmoid, work: 12, wgsl: "sigmoid", staysFinite: true },
  tanh: { arity: 1, float64: Math.tanh, work: 12, wgsl: "tanhOf", staysFinite: true },
  relu: { arity: 1, float64: (a) => Math.max(a, 0), work: 2, wgsl: "reluOf", staysFinite: true },
  softplus: {
    arity: 1,
    float64: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
    work: 24,
    wgsl: "softplusOf",
    staysFinite: true,
  },
  max: { arity: 2, float64: (a, b) => Math.max(a, b), work: 2, wgsl: "maxOf", commutes: true, staysFinite: true },
  min: { arity: 2, float64: (a, b) => Math.min(a, b), work: 2, wgsl: "minOf", commutes: true, staysFinite: true },
  select: {
    arity: 3,
    float64: (a, b, where) => (Number.isNaN(where) ? where : where > 0 ? a : b),
    work: 2,
    wgsl: "selectOf",
    staysFinite: true,
  },
  /** tanh′ where tanh is y: 1 − y² */
  dTanh: { arity: 1, float64: (y) => 1 - y * y, work: 2, wgsl: "dTanh" },
  /** σ′ where σ is s: s(1 − s) */
  dSigmoid: { arity: 1, float64: (s) => s * (1 - s), work: 2, wgsl: "dSigmoid" },
  /** The derivative of max(a, b) by a: 1 where a > b, a half where they are the same, else 0 */
  larger: {
    arity: 2,
    float64: (a, b) => (notANumber(a, b) ? Number.NaN : a > b ? 1 : a === b ? 0.5 : 0),
    work: 3,
    wgsl: "largerOf",
    staysFinite: true,
  },
} as const satisfies Record<string, OperationDefinition>;

export type Operation = keyof typeof operations;

/** Whether a node's operation is one: it has operands. */
export const isOperation = (operation: string): operation is Operation => operation in operations;

/** Whether it is written with an operator: + − · / or a minus in front. */
export const isArithmetic = (operation: string): boolean =>
  isOperation(operation) && !/^\w/.test(definitionOf(operation).wgsl);

export const definitionOf = (operation: Operation): OperationDefinition => operations[operation];
