// Inverted dropout: out = x ⊙ m, m = 0 with probability p, else 1 / (1 − p) (Srivastava et al. 2014). The gradient is
// the same product, in place, with the same m: it is drawn again from the same counters. half.wgsl and philox.wgsl stand in front.
// CPU twin: src/reference/dropout.ts
//
// size, width, start   vec4f of out and of its rows, and where x begins
// threads, across   the workgroup, and the threads in x

struct Mask {
  seed: u32,
  layer: u32,
  threshold: u32, // p · 2³²: words from there on keep
  scale: f32, // 1 / (1 − p)
}

var<uniform> mask: Mask;
var<uniform> step: vec2u; // the training step, and the number of row 0 among all time steps' rows
alias Row = vec4f; // or in half precision
#if gradient
var<storage, read_write> dOut: array<Row>; // [rows, width]
#else
var<storage, read> x: array<Row>; // [rows, width], from `start` on
var<storage, read_write> out: array<Row>; // [rows, width]
#endif

@compute @workgroup_size(threads)
fn dropout(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= size) { return; }
  let words = philox(vec4u(i + step.y * width, step.x, mask.layer, 0u), vec2u(mask.seed, 1u));
  let m = select(vec4f(), vec4f(mask.scale), words >= vec4u(mask.threshold));
#if gradient
  dOut[i] = Row(storable(vec4f(dOut[i]) * m));
#else
  out[i] = Row(storable(vec4f(x[start + i]) * m));
#endif
}
