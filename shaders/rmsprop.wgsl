// RMSProp (formulas as in PyTorch's torch.optim.RMSprop): g ← dθ + λθ;  s ← s + (1 − ρ)·(g² − s);
//   θ ← θ − α·g / (√s + ε), and where g is zero θ stays, whatever ε
// CPU twin: src/reference/rmsprop.ts
//
// size              vec4f of the parameters
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
  if (i < size) {
    let g = gradient[i] + update.weightDecay * parameter[i];
    let step = g * g - meanSquare[i];
    let s = select(meanSquare[i] + update.share * step, g * g - (1.0 - update.share) * step, update.share >= 0.5);
    meanSquare[i] = s;
    let moved = parameter[i] - update.learningRate * g / (sqrt(s) + update.epsilon);
    parameter[i] = select(moved, parameter[i], g == vec4f());
  }
}
