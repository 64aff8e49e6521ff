// Where a sweep through time is in its tensors, step by step, and what reaches a step from above. Stands between a cell's
// own file and a sweep.
//
// A sequence of length n lives in steps 1 … n; in other steps state and gradient are passed on as they are.
// Step i of a sweep is time i, reverse: time steps − 1 − i. Slab t + 1 of `hidden` is h at time t; slab 0 is h_0,
// reverse: slab steps + 1. A layer of two directions keeps both side by side: `stride` vec4f a row, from `offset` on.
//
// `continued`: the sweep back goes on from the `carry` that a later stretch of time left, and leaves dh_0 there.
//
// steps, batch, width   T, B and H, H in vec4f           units, gates   H and G

var<storage, read> lengths: array<i32>; // [B]
var<storage, read_write> gate: array<Stored>; // [T, B, G·H]
#if forward
var<storage, read_write> hidden: array<Stored>; // [T + D, B, D·H]
#if states
var<storage, read_write> cellState: array<vec4f>; // [S·(T + 1), B, H] in sweep order, state after state
fn stateAt(e: Element, s: u32) -> u32 { return e.sweep + s * (steps + 1u) * batch * width; }
#endif
#else
var<storage, read> hidden: array<Stored>; // [T + D, B, D·H]
var<storage, read> dOutput: array<Stored>; // [T, B, D·H], lastStep: [B, D·H], for the last step
#if states
var<storage, read> cellState: array<vec4f>; // [S·(T + 1), B, H] in sweep order, state after state
#endif
var<storage, read_write> carry: array<vec4f>; // [1 or more, B, H]: what passes back beside products, the cell's from slab 1 on
#if hiddenGradient
var<storage, read_write> dHidden: array<vec4f>; // [T + 1, B, H]: dL/dh by all paths, in sweep order
#endif
#if continued
const continued = true;
#else
const continued = false;
#endif
#endif

#if reverse
fn timeOf(i: u32) -> u32 { return steps - 1u - i; }
fn slabBefore(i: u32) -> u32 { return steps + 1u - i; }
fn slabAfter(i: u32) -> u32 { return steps - i; }
#else
fn timeOf(i: u32) -> u32 { return i; }
fn slabBefore(i: u32) -> u32 { return i; }
fn slabAfter(i: u32) -> u32 { return i + 1u; }
#endif

// Whether step i is one of a sequence of that length.
fn isLive(i: u32, length: u32) -> bool { return timeOf(i) < length; }

fn elementOf(i: u32, row: u32, column: u32) -> Element {
  let own = row * width + column;
  let inHidden = row * stride + offset + column;
  return Element(
    (timeOf(i) * batch + row) * gates * width + column,
    slabBefore(i) * batch * stride + inHidden,
    slabAfter(i) * batch * stride + inHidden,
    own,
    i * batch * width + own,
    timeOf(i) * batch * width + own,
  );
}

#if forward
#if persistent
#else
fn sumOf(e: Element, g: u32) -> vec4f { return vec4f(gate[e.gate + g * width]); }
fn hiddenBefore(e: Element) -> vec4f { return vec4f(hidden[e.before]); }
#if states
fn stateBefore(e: Element, s: u32) -> vec4f { return cellState[stateAt(e, s)]; }
fn setState(e: Element, s: u32, value: vec4f) { cellState[stateAt(e, s) + batch * width] = value; }
#endif
#endif
#else
// What reads h after step s − 1 passes back to it alone; nothing to h_0.
fn fromAbove(s: u32, row: u32, length: u32, column: u32) -> vec4f {
#if lastStep
  return select(vec4f(), vec4f(dOutput[row * stride + offset + column]), s == steps);
#else
  let i = max(s, 1u) - 1u;
  let at = (timeOf(i) * batch + row) * stride + offset + column;
  return select(vec4f(), vec4f(dOutput[at]), s > 0u && isLive(i, length));
#endif
}
#endif
