// Gradient descent, with momentum where the flag is on (formulas as in PyTorch's torch.optim.SGD):
//   g ← dθ + λθ;  v ← μv + g;  θ ← θ − α·v,  nesterov: θ ← θ − α·(g + μv),  without momentum: θ ← θ − α·g
// CPU twin: src/reference/sgd.ts
//
// size              vec4f of the parameters
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
  if (i < size) {
    let g = gradient[i] + update.weightDecay * parameter[i];
#if momentum
    let v = update.momentum * velocity[i] + g;
    velocity[i] = v;
#if nesterov
    let direction = g + update.momentum * v;
#else
    let direction = v;
#endif
#else
    let direction = g;
#endif
    parameter[i] -= update.learningRate * direction;
  }
}
