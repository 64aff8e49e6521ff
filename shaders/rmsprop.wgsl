// RMSProp (formulas as in PyTorch's torch.optim.RMSprop): g ← dθ + λθ;  s ← s + (1 − ρ)·(g² − s);
//   θ ← θ − α·g / (√s + ε), and where g is zero θ stays, whatever ε
// rows.wgsl stands in front.
// CPU twin: src/reference/rmsprop.ts
//
// size, width       vec4f of the gradient, and of a row of it
// threads, across   the workgroup, and the threads in x

struct Update {
  learningRate: f32, // α
  weightDecay: f32, // λ
  share: f32, // 1 − ρ, made in float64: in float32 digits would cancel
  epsilon: f32, // ε
}

var<uniform> update: Update;
var<storage, read> gradient: array<vec4f>; // [size]
var<storage, read_write> parameter: array<vec4f>; // [size]
var<storage, read_write> meanSquare: array<vec4f>; // [size]

@compute @workgroup_size(threads)
fn rmsprop(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= size) { return; }
  let at = placeOf(i);
  if (at != nowhere) {
    let g = gradient[i] + update.weightDecay * parameter[at];
    let step = g * g - meanSquare[at];
    let s = select(meanSquare[at] + update.share * step, g * g - (1.0 - update.share) * step, update.share >= 0.5);
    meanSquare[at] = s;
    let moved = parameter[at] - update.learningRate * g / (sqrt(s) + update.epsilon);
    parameter[at] = select(moved, parameter[at], g == vec4f());
  }
}
