// Adam (Kingma and Ba 2015) and, decoupled, AdamW (Loshchilov and Hutter 2019); formulas as in torch.optim:
//   Adam: g ← dθ + λθ;  AdamW: θ ← θ − αλθ
//   m ← m + (1 − β₁)·(g − m);  v ← v + (1 − β₂)·(g² − v);  θ ← θ − α·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
// Where m is zero θ stays, whatever ε.
// rows.wgsl stands in front.
// CPU twin: src/reference/adam.ts
//
// size, width       vec4f of the gradient, and of a row of it
// threads, across   the workgroup, and the threads in x

struct Update {
  learningRate: f32, // α
  weightDecay: f32, // λ
  share1: f32, // 1 − β₁; as the next ones made in float64: in float32 digits would cancel
  share2: f32, // 1 − β₂
  epsilon: f32, // ε
  correction1: f32, // 1 / (1 − β₁ᵗ)
  correction2: f32, // 1 / √(1 − β₂ᵗ)
}

var<uniform> update: Update;
var<storage, read> gradient: array<vec4f>; // [size]
var<storage, read_write> parameter: array<vec4f>; // [size]
var<storage, read_write> mean: array<vec4f>; // [size]: m
var<storage, read_write> meanSquare: array<vec4f>; // [size]: v

// From `old` a share of the way to `now`, exact at both ends.
fn towards(old: vec4f, now: vec4f, share: f32) -> vec4f {
  return select(old + share * (now - old), now - (1.0 - share) * (now - old), share >= 0.5);
}

@compute @workgroup_size(threads)
fn adam(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= size) { return; }
  let at = placeOf(i);
  if (at != nowhere) {
#if decoupled
    let before = parameter[at] * (1.0 - update.learningRate * update.weightDecay);
    let g = gradient[i];
#else
    let before = parameter[at];
    let g = gradient[i] + update.weightDecay * before;
#endif
    let m = towards(mean[at], g, update.share1);
    let v = towards(meanSquare[at], g * g, update.share2);
    mean[at] = m;
    meanSquare[at] = v;
    let step = update.learningRate * update.correction1 * m;
    let moved = before - step / (sqrt(v) * update.correction2 + update.epsilon);
    parameter[at] = select(moved, before, m == vec4f());
  }
}
