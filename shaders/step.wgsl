// What a time step does around its products, for one vec4f of a row: stands between sweep.wgsl and the sweeps with a U.
//
// `Weight`: U, and W where it is read here, in single precision or in half.
// `oneHot`: the sweep forward takes rows of W itself, as tokens say. Else `gate` holds x·W + b.
// `beside`: cellBackward answers what reaches h₋₁ beside the products.

alias Weight = vec4f;

#if forward
#if oneHot
var<storage, read> tokens: array<i32>; // [T, B]
var<storage, read> inputWeight: array<Weight>; // [I, G·H]

// x·W + b at a row of step i, in vec4f of [G·H]. A sweep says where b is.
fn fromInput(i: u32, row: u32, at: u32) -> vec4f {
  return vec4f(inputWeight[u32(tokens[timeOf(i) * batch + row]) * gates * width + at]) + biasAt(at);
}
#else
fn fromInput(i: u32, row: u32, at: u32) -> vec4f { return vec4f(gate[(timeOf(i) * batch + row) * gates * width + at]); }
#endif

// h after step i, from the last gate's sum; past a sequence's end, h as it was.
fn stepForward(i: u32, length: u32, element: Element, last: vec4f) -> Stored {
  var h: Stored;
  if (isLive(i, length)) {
    h = stored(cellForward(element, last));
  } else {
    h = Stored(hiddenBefore(element));
    cellHold(element);
  }
  hidden[element.after] = h;
  return h;
}
#else

// From dh after step s − 1, as products and what is above give it, that by all paths; then the cell's gradients of that step.
// s = 0: dh_0 alone. `element` is that of step s, `before` that of step s − 1.
fn stepBackward(s: u32, length: u32, element: Element, before: Element, known: vec4f) {
  let begins = !continued && s == steps;
  var dh = known;
#if beside
  if (!begins) { dh += carry[element.own]; }
#else
  // Only a step past a sequence's end, or a later stretch, left anything there.
  if (select(!isLive(s, length), continued, s == steps)) { dh += carry[element.own]; }
#endif
#if hiddenGradient
  dHidden[element.sweep] = dh;
#endif
  if (s == 0u) {
    if (continued) { carry[element.own] = dh; }
    return;
  }
  if (isLive(s - 1u, length)) {
#if beside
    carry[before.own] = cellBackward(before, dh, begins);
#else
    cellBackward(before, dh, begins);
#endif
  } else {
    carry[before.own] = dh;
    for (var g = 0u; g < gates; g++) { gate[before.gate + g * width] = Stored(); }
    cellHoldBackward(before, begins);
  }
}
#endif
