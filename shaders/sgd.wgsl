// θ ← θ − α·dθ
// CPU twin: src/reference/sgd.ts
//
// size, threads   vec4f of the parameters, the workgroup

@group(0) @binding(0) var<uniform> learningRate: f32;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>; // [size]
@group(0) @binding(2) var<storage, read_write> parameter: array<vec4f>; // [size]

@compute @workgroup_size(threads)
fn sgd(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < size) { parameter[id.x] -= learningRate * gradient[id.x]; }
}
