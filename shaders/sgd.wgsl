// Gradient descent, with momentum where the flag is on (formulas as in PyTorch's torch.optim.SGD):
//   g ← dθ + λθ;  v ← μv + g;  θ ← θ − α·v,  nesterov: θ ← θ − α·(g + μv),  without momentum: θ ← θ − α·g
// rows.wgsl stands in front.
// CPU twin: src/reference/sgd.ts
//
// size, width       vec4f of the gradient, and of a row of it
// threads, across   the workgroup, and the threads in x

struct Update {
  learningRate: f32, // α
  weightDecay: f32, // λ
  momentum: f32, // μ
}

var<uniform> update: Update;
var<storage, read> gradient: array<vec4f>; // [size]
var<storage, read_write> parameter: array<vec4f>; // [size]
#if momentum
var<storage, read_write> velocity: array<vec4f>; // [size]
#endif

@compute @workgroup_size(threads)
fn sgd(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= size) { return; }
  let at = placeOf(i);
  if (at != nowhere) {
    let g = gradient[i] + update.weightDecay * parameter[at];
#if momentum
    let v = update.momentum * velocity[at] + g;
    velocity[at] = v;
#if nesterov
    let direction = g + update.momentum * v;
#else
    let direction = v;
#endif
#else
    let direction = g;
#endif
    parameter[at] -= update.learningRate * direction;
  }
}
