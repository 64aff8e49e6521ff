// A cell that the library does not have: the LSTM with coupled gates (Greff et al. 2017); gates f g o:
//   c = σ(f)·c₋₁ + (1 − σ(f))·tanh(g),  h = σ(o)·tanh(c)

#if forward
fn cellForward(e: Element, last: vec4f) -> vec4f {
  let f = sigmoid(sumOf(e, 0u));
  let g = tanhOf(sumOf(e, 1u));
  let o = sigmoid(last);
  let c = f * stateBefore(e, 0u) + (1.0 - f) * g;
  gate[e.gate] = stored(f);
  gate[e.gate + width] = stored(g);
  gate[e.gate + 2u * width] = stored(o);
  setState(e, 0u, c);
  return o * tanhOf(c);
}
fn cellHold(e: Element) { setState(e, 0u, stateBefore(e, 0u)); }
#else
fn cellBackward(e: Element, dh: vec4f, last: bool) -> vec4f {
  let f = vec4f(gate[e.gate]);
  let g = vec4f(gate[e.gate + width]);
  let o = vec4f(gate[e.gate + 2u * width]);
  let t = tanhOf(cellState[e.sweep + batch * width]);
  let dcAt = batch * width + e.own;
  let dc = select(carry[dcAt], vec4f(), last) + dh * o * dTanh(t);
  gate[e.gate] = stored(dc * (cellState[e.sweep] - g) * dSigmoid(f));
  gate[e.gate + width] = stored(dc * (1.0 - f) * dTanh(g));
  gate[e.gate + 2u * width] = stored(dh * t * dSigmoid(o));
  carry[dcAt] = dc * f;
  return vec4f();
}
fn cellHoldBackward(e: Element, last: bool) {
  if (last) { carry[batch * width + e.own] = vec4f(); }
}
#endif
