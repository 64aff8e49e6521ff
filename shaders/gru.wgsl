// The GRU cell; gates r z n as in PyTorch, h = (1 − z)·n + z·h₋₁, r and z through σ:
//   reset after the product (PyTorch, cuDNN)   n = tanh(a_n + r·q),  q = h₋₁·U_n + b_r
//   reset before it (Cho et al. 2014)          n = tanh(a_n + (r·h₋₁)·U_n + b_r)
// `candidate` holds q, or r·h₋₁; backward, for the reset after, what q's product passes back.
// Forward leaves the activated gates in `gate`, backward their gradients. Stands in front of recurrence.wgsl.
// CPU twin: src/cells/gru.ts

#if forward
var<storage, read_write> candidate: array<Stored>; // [T, B, H]
var<storage, read> recurrentBias: array<vec4f>; // [H]: b_r
#else
#if apart
var<storage, read_write> candidate: array<Stored>; // [T, B, H]
#endif
#endif

#if forward
#if second
fn cellCandidate(e: Element) { candidate[e.time] = stored(sigmoid(sumOf(e, 0u)) * hiddenBefore(e)); }
#endif

fn cellForward(e: Element, last: vec4f) -> vec4f {
  let r = sigmoid(sumOf(e, 0u));
#if apart
  let z = sigmoid(last);
  let n = tanhOf(sumOf(e, 2u) + r * vec4f(candidate[e.time]));
#else
  let z = sigmoid(sumOf(e, 1u));
  let n = tanhOf(last);
#endif
  gate[e.gate] = stored(r);
  gate[e.gate + width] = stored(z);
  gate[e.gate + 2u * width] = stored(n);
  return (1.0 - z) * n + z * hiddenBefore(e);
}
fn cellHold(e: Element) {}
#else

fn cellBackward(e: Element, dh: vec4f, last: bool) -> vec4f {
  let r = vec4f(gate[e.gate]);
  let z = vec4f(gate[e.gate + width]);
  let n = vec4f(gate[e.gate + 2u * width]);
  let dn = dh * (1.0 - z) * dTanh(n);
  gate[e.gate + width] = stored(dh * (vec4f(hidden[e.before]) - n) * dSigmoid(z));
  gate[e.gate + 2u * width] = stored(dn);
#if apart
  gate[e.gate] = stored(dn * vec4f(candidate[e.time]) * dSigmoid(r));
  candidate[e.time] = stored(dn * r);
#endif
  return dh * z;
}
#if apart
fn cellHoldBackward(e: Element, last: bool) { candidate[e.time] = Stored(); }
#else
fn cellHoldBackward(e: Element, last: bool) {}

fn cellCandidateBackward(e: Element, d: vec4f) -> vec4f {
  let r = vec4f(gate[e.gate]);
  gate[e.gate] = stored(d * vec4f(hidden[e.before]) * dSigmoid(r));
  return d * r;
}
#endif
#endif
