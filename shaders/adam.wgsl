// Adam (Kingma and Ba 2015) and, decoupled, AdamW (Loshchilov and Hutter 2019); formulas as in torch.optim:
//   Adam: g ← dθ + λθ;  AdamW: θ ← θ − αλθ
//   m ← β₁m + (1 − β₁)·g;  v ← β₂v + (1 − β₂)·g²;  θ ← θ − α·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
// CPU twin: src/reference/adam.ts
//
// size              vec4f of the parameters
// threads, across   the workgroup, and the threads in x

struct Update {
  learningRate: f32, // α
  weightDecay: f32, // λ
  beta1: f32,
  beta2: f32,
  epsilon: f32, // ε
  correction1: f32, // 1 / (1 − β₁ᵗ), made in float64: in float32 its digits would cancel
  correction2: f32, // 1 / √(1 − β₂ᵗ)
}

@group(0) @binding(0) var<uniform> update: Update;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>; // [size]
@group(0) @binding(2) var<storage, read_write> parameter: array<vec4f>; // [size]
@group(0) @binding(3) var<storage, read_write> mean: array<vec4f>; // [size]: m
@group(0) @binding(4) var<storage, read_write> meanSquare: array<vec4f>; // [size]: v

@compute @workgroup_size(threads)
fn adam(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < size) {
#if decoupled
    let before = parameter[i] * (1.0 - update.learningRate * update.weightDecay);
    let g = gradient[i];
#else
    let before = parameter[i];
    let g = gradient[i] + update.weightDecay * before;
#endif
    let m = update.beta1 * mean[i] + (1.0 - update.beta1) * g;
    let v = update.beta2 * meanSquare[i] + (1.0 - update.beta2) * g * g;
    mean[i] = m;
    meanSquare[i] = v;
    let step = update.learningRate * update.correction1 * m;
    parameter[i] = before - step / (sqrt(v) * update.correction2 + update.epsilon);
  }
}
