// sum = Σ over the rows of x: db = Σ da where no product goes over da that could sum it on its way.
// Each thread has one vec4f of the width; slab z sums slice z of the rows. `accumulate`: adds to what is there.
// `noted`: what is not finite is noted; finite-check.wgsl stands in front.
// CPU twin: src/reference/row-sum.ts
//
// rows, slice       of x, and how many of them a slab sums
// start, stride     the first vec4f of x, and from one row to the next
// width, slab       of the sum, and from one slab to the next, in vec4f
// threads, across   the workgroup, and the threads in x

var<storage, read> x: array<vec4f>; // [rows, width]
var<storage, read_write> sum: array<vec4f>; // [slabs, width]

@compute @workgroup_size(threads)
fn rowSum(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x + across * id.y;
  if (column >= width) { return; }
  let at = id.z * slab + column;
#if accumulate
  var total = sum[at];
#else
  var total = vec4f();
#endif
  let end = min((id.z + 1u) * slice, rows);
  for (var row = id.z * slice; row < end; row++) { total += x[start + row * stride + column]; }
  sum[at] = total;
#if noted
  noteNotFinite(magnitudes(total), step[0]);
#endif
}
