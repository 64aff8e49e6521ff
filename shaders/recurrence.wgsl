// The two sweeps through time of an Elman layer. Rows of a batch never depend on each other.
//   forward    h_t = f(a_t + h_{t−1}·U)                            t = 1 … T
//   backward   dh_t = dOutput_t + da_{t+1}·Uᵀ,  da_t = dh_t ⊙ f'   t = T … 1
// CPU twin: src/reference/recurrence.ts
//
// A sequence of length n lives in steps 1 … n. After it, h stays as it is and da is zero.
// One thread computes 8 rows × 8 columns as four 4×4 blocks; a mat4x4f m holds four rows, m[i] is row i.
// `fused`: a workgroup owns 8 · rowThreads rows and all columns, and loops over time; its threads pass h (or da) on
// through storage, with a barrier between steps. Else: one dispatch a step, `step` says which.
//
// steps, batch, width   T, B and H, H in vec4f      columnThreads, rowThreads   the workgroup

@group(0) @binding(0) var<storage, read> recurrentWeight: array<vec4f>; // [H, H]
@group(0) @binding(1) var<storage, read> lengths: array<i32>; // [B]
#if forward
@group(0) @binding(2) var<storage, read> preactivation: array<vec4f>; // [T, B, H]
@group(0) @binding(3) var<storage, read_write> hidden: array<vec4f>; // [T + 1, B, H], slab 0 is h_0
#else
@group(0) @binding(2) var<storage, read> hidden: array<vec4f>; // [T + 1, B, H]
@group(0) @binding(3) var<storage, read> dOutput: array<vec4f>; // [T, B, H], lastStep: [B, H], for the last live step
@group(0) @binding(4) var<storage, read_write> dPreactivation: array<vec4f>; // [T, B, H]
#if hiddenGradient
@group(0) @binding(5) var<storage, read_write> dHidden: array<vec4f>; // [T + 1, B, H]: dL/dh_t by all paths
#endif
#endif
#if fused
#else
@group(0) @binding(6) var<uniform> step: u32;
#endif

// Clamps and max hide NaN, and comparing it with itself is optimised away: its bits tell.
fn isNan(a: vec4f) -> vec4<bool> { return (bitcast<vec4u>(a) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

#if relu
fn activation(a: vec4f) -> vec4f { return select(max(a, vec4f()), a, isNan(a)); }
fn dActivation(h: vec4f) -> vec4f { return select(vec4f(), vec4f(1.0), h > vec4f()); }
#else
// tanh is NaN for large arguments on some drivers, and exactly ±1 in float32 from ±10 on.
fn activation(a: vec4f) -> vec4f { return select(tanh(clamp(a, vec4f(-10.0), vec4f(10.0))), a, isNan(a)); }
fn dActivation(h: vec4f) -> vec4f { return 1.0 - h * h; }
#endif

// Four rows of U at vec4 column `column`; backward, of Uᵀ.
fn blockOfWeight(k: u32, column: u32) -> mat4x4f {
#if forward
  let at = 4u * k * width + column;
#else
  let at = 4u * column * width + k;
#endif
  let block = mat4x4f(
    recurrentWeight[at],
    recurrentWeight[at + width],
    recurrentWeight[at + 2u * width],
    recurrentWeight[at + 3u * width],
  );
#if forward
  return block;
#else
  return transpose(block);
#endif
}

// Where rows row … row + 3 of slab t begin. Rows past the batch repeat the last one; they are never stored.
fn fourRows(t: u32, row: u32) -> vec4u {
  return width * (t * batch + min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(batch - 1u)));
}

// The operand of the recurrent product: h_{t−1} forward, da_{t+1} backward.
fn blockOfState(at: vec4u) -> mat4x4f {
#if forward
  return mat4x4f(hidden[at.x], hidden[at.y], hidden[at.z], hidden[at.w]);
#else
  return mat4x4f(dPreactivation[at.x], dPreactivation[at.y], dPreactivation[at.z], dPreactivation[at.w]);
#endif
}

// Forward: h of slab s + 1 from h of slab s. Backward: da of slab s − 1, from da of slab s.
fn sweepStep(s: u32, row: u32, column: u32) {
  var c00 = mat4x4f();
  var c01 = mat4x4f();
  var c10 = mat4x4f();
  var c11 = mat4x4f();
#if forward
  let depth = width;
#else
  let depth = select(width, 0u, s == steps); // no step after the last
#endif
  let top = fourRows(s, row);
  let bottom = fourRows(s, row + 4u);
  for (var k = 0u; k < depth; k++) {
    let b0 = blockOfWeight(k, column);
    let b1 = blockOfWeight(k, column + 1u);
    let a0 = blockOfState(top + k);
    let a1 = blockOfState(bottom + k);
    c00 += b0 * a0;
    c01 += b1 * a0;
    c10 += b0 * a1;
    c11 += b1 * a1;
  }
  var sums = array(
    c00[0], c01[0], c00[1], c01[1], c00[2], c01[2], c00[3], c01[3],
    c10[0], c11[0], c10[1], c11[1], c10[2], c11[2], c10[3], c11[3],
  );
  for (var i = 0u; i < 16u; i++) {
    if (row + i / 2u < batch && column + i % 2u < width) { finish(s, row + i / 2u, column + i % 2u, sums[i]); }
  }
}

#if forward
fn finish(s: u32, row: u32, column: u32, sum: vec4f) {
  let before = (s * batch + row) * width + column;
  let h = activation(preactivation[before] + sum);
  hidden[before + batch * width] = select(hidden[before], h, s < u32(lengths[row]));
}
#else
fn finish(s: u32, row: u32, column: u32, sum: vec4f) {
  var dh = sum;
  let at = (s * batch + row) * width + column;
  if (s > 0u) {
    let to = at - batch * width;
#if lastStep
    dh += select(vec4f(), dOutput[row * width + column], s == u32(lengths[row]));
#else
    dh += dOutput[to];
#endif
    dPreactivation[to] = select(vec4f(), dh * dActivation(hidden[at]), s <= u32(lengths[row]));
  }
#if hiddenGradient
  dHidden[at] = dh;
#endif
}
#endif

@compute @workgroup_size(columnThreads, rowThreads)
fn sweep(@builtin(global_invocation_id) id: vec3u) {
  let row = 8u * id.y;
  let column = 2u * id.x;
#if fused
#if forward
  for (var s = 0u; s < steps; s++) {
    sweepStep(s, row, column);
    storageBarrier();
  }
#else
#if hiddenGradient
  const last = 0u;
#else
  const last = 1u;
#endif
  for (var s = steps; s + 1u > last; s--) {
    sweepStep(s, row, column);
    storageBarrier();
  }
#endif
#else
  sweepStep(step, row, column);
#endif
}
