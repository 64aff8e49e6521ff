// Clipping of gradients (formulas as in torch.nn.utils):
//   by norm: g ← g · min(1, limit / (‖g‖ + 1e-6)), ‖g‖ over all parameters;  by value: g ← min(max(g, −limit), limit)
// A norm that is not finite is noted (finite-check.wgsl stands in front), and scales nothing; NaN stays NaN.
// CPU twin: src/reference/gradient-clip.ts
//
// size              vec4f of the gradients
// threads, across   the workgroup, and the threads in x
// groups            how many workgroups sum squares

var<storage, read_write> gradient: array<vec4f>; // [size]
#if byValue
#else
var<storage, read_write> squares: array<f32>; // [groups]: a part of ‖g‖² each
#endif
#if square
#else
var<uniform> limit: f32;
#endif

// Each thread adds up its share; the first adds up the workgroup's, in order.
#if square
var<workgroup> shares: array<f32, threads>;

@compute @workgroup_size(threads)
fn sumSquares(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3u) {
  var sum = 0.0;
  for (var i = group.x * threads + thread; i < size; i += groups * threads) { sum += dot(gradient[i], gradient[i]); }
  shares[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    var total = 0.0;
    for (var i = 0u; i < threads; i++) { total += shares[i]; }
    squares[group.x] = total;
  }
}
#endif

#if byNorm
@compute @workgroup_size(threads)
fn clipNorm(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x + across * id.y;
  if (at < size) {
    var total = 0.0;
    for (var i = 0u; i < groups; i++) { total += squares[i]; }
    let finite = (bitcast<u32>(total) & 0x7f800000u) != 0x7f800000u;
    if (finite) { gradient[at] *= min(1.0, limit / (sqrt(total) + 1e-6)); }
    if (at == 0u) { noteNotFinite(magnitudes(vec4f(total)), step[0]); }
  }
}
#endif

#if byValue
@compute @workgroup_size(threads)
fn clipValue(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x + across * id.y;
  if (at < size) {
    let g = gradient[at];
    let isNaN = (bitcast<vec4u>(g) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
    gradient[at] = select(clamp(g, vec4f(-limit), vec4f(limit)), g, isNaN);
  }
}
#endif
