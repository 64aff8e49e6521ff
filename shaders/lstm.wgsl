// The LSTM cell (Hochreiter and Schmidhuber 1997, with the forget gate of Gers 2000); gates i f g o as in PyTorch:
//   c = σ(f)·c₋₁ + σ(i)·tanh(g),  h = σ(o)·tanh(c)
// Forward leaves the activated gates in `gate`, backward their gradients. Stands in front of recurrence.wgsl.
// CPU twin: src/cells/lstm.ts

#if forward
fn cellForward(e: Element, last: vec4f) -> vec4f {
  let i = sigmoid(sumOf(e, 0u));
  let f = sigmoid(sumOf(e, 1u));
  let g = tanhOf(sumOf(e, 2u));
  let o = sigmoid(last);
  let c = f * stateBefore(e, 0u) + i * g;
  gate[e.gate] = stored(i);
  gate[e.gate + width] = stored(f);
  gate[e.gate + 2u * width] = stored(g);
  gate[e.gate + 3u * width] = stored(o);
  setState(e, 0u, c);
  return o * tanhOf(c);
}
fn cellHold(e: Element) { setState(e, 0u, stateBefore(e, 0u)); }
#else
// The second slab of `carry` is dc.
fn cellBackward(e: Element, dh: vec4f, last: bool) -> vec4f {
  let i = vec4f(gate[e.gate]);
  let f = vec4f(gate[e.gate + width]);
  let g = vec4f(gate[e.gate + 2u * width]);
  let o = vec4f(gate[e.gate + 3u * width]);
  let t = tanhOf(cellState[e.sweep + batch * width]);
  let dcAt = batch * width + e.own;
  let dc = select(carry[dcAt], vec4f(), last) + dh * o * dTanh(t);
  gate[e.gate] = stored(dc * g * dSigmoid(i));
  gate[e.gate + width] = stored(dc * cellState[e.sweep] * dSigmoid(f));
  gate[e.gate + 2u * width] = stored(dc * i * dTanh(g));
  gate[e.gate + 3u * width] = stored(dh * t * dSigmoid(o));
  carry[dcAt] = dc * f;
  return vec4f();
}
fn cellHoldBackward(e: Element, last: bool) {
  if (last) { carry[batch * width + e.own] = vec4f(); }
}
#endif
