// What a cell's shader builds on: functions, and where its numbers are. Stands in front of it, and both in front of a sweep;
// half.wgsl in front of all.
// The cell's own file declares what it keeps and defines cellForward, cellHold, cellBackward and cellHoldBackward.

// What is stored of steps: `gate`, `hidden`, `candidate` and `dOutput`, in single precision or in half.
alias Stored = vec4f;
fn stored(v: vec4f) -> Stored { return Stored(storable(v)); }

// tanh and exp are NaN far out on some drivers; within these bounds both functions have reached their ends in float32.
// Clamps hide NaN, and comparing it with itself is optimised away: its bits tell.
fn isNan(a: vec4f) -> vec4<bool> { return (bitcast<vec4u>(a) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }
fn tanhOf(a: vec4f) -> vec4f { return select(tanh(clamp(a, vec4f(-10.0), vec4f(10.0))), a, isNan(a)); }
fn sigmoid(a: vec4f) -> vec4f {
  return select(1.0 / (1.0 + exp(-clamp(a, vec4f(-80.0), vec4f(80.0)))), a, isNan(a));
}
fn dTanh(t: vec4f) -> vec4f { return 1.0 - t * t; }
fn dSigmoid(s: vec4f) -> vec4f { return s * (1.0 - s); }

// Forward, a sweep defines what an element's cell reads and keeps: sumOf(e, g), gate g's sum but the last one's, which is
// given; hiddenBefore(e); stateBefore(e, s) and setState(e, s, value), of the states beside h.

// Where one vec4f of a step lives, for the cell.
struct Element {
  gate: u32, // of the first gate; the next ones follow, `width` apart
  before: u32, // h before this step, in `hidden`
  after: u32, // h after it
  own: u32, // in [B, H]
  sweep: u32, // in [T, B, H] or [T + 1, B, H], sweep order
  time: u32, // in [T, B, H], time order
}

// A step in which h is slope · h₋₁ + atZero.
struct Line { slope: vec4f, atZero: vec4f }
