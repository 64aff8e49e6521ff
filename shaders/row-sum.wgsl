// sum[p] = Σ over the rows of matrix p of x: gradients of biases where no product goes over da that could sum them on its
// way, and of numbers a unit, of which each row has a part.
// Each thread has one vec4f of a sum; slab z sums slice z of the rows. `accumulate`: adds to what is there.
// `noted`: what is not finite is noted; finite-check.wgsl stands in front.
// CPU twin: src/reference/row-sum.ts
//
// rows, slice         of a matrix, and how many of them a slab sums
// start, stride       the first vec4f of x, and from one row to the next
// size, width, slab   of all sums, of one, and from one slab to the next, in vec4f
// threads, across     the workgroup, and the threads in x

alias Row = vec4f; // or in half precision
var<storage, read> x: array<Row>; // [matrices, rows, width]
var<storage, read_write> sum: array<vec4f>; // [slabs, matrices, width]

@compute @workgroup_size(threads)
fn rowSum(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= size) { return; }
  let first = start + i / width * rows * stride + i % width;
  let at = id.z * slab + i;
#if accumulate
  var total = sum[at];
#else
  var total = vec4f();
#endif
  let end = min((id.z + 1u) * slice, rows);
  for (var begin = id.z * slice; begin < end; begin += 128u) { // runs: rounding grows with their number
    var run = vec4f();
    for (var row = begin; row < min(begin + 128u, end); row++) { run += vec4f(x[first + row * stride]); }
    total += run;
  }
  sum[at] = total;
#if noted
  noteNotFinite(magnitudes(total), step[0]);
#endif
}
