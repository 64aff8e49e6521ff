// The Elman cell: h = f(gate), f = tanh or relu. Stands in front of recurrence.wgsl.
// CPU twin: src/cells/elman.ts

#if relu
fn activation(a: vec4f) -> vec4f { return select(max(a, vec4f()), a, isNan(a)); }
fn dActivation(h: vec4f) -> vec4f { return select(vec4f(), vec4f(1.0), h > vec4f()); }
#else
fn activation(a: vec4f) -> vec4f { return tanhOf(a); }
fn dActivation(h: vec4f) -> vec4f { return dTanh(h); }
#endif

#if forward
fn cellForward(e: Element, a: vec4f) -> vec4f { return activation(a); }
fn cellHold(e: Element) {}
#else
fn cellBackward(e: Element, dh: vec4f, last: bool) -> vec4f {
  gate[e.gate] = stored(dh * dActivation(vec4f(hidden[e.after])));
  return vec4f();
}
fn cellHoldBackward(e: Element, last: bool) {}
#endif
