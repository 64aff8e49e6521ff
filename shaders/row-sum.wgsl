// sum[p] = Σ over the rows of slab first + p: the gradient of numbers that all rows share, of those that each row has.
// In their order, with no atomics, so it is the same at every run. `noted`: what is not finite is noted; finite-check.wgsl
// stands in front.
// CPU twin: src/reference/row-sum.ts
//
// first, count, batch, width   the first slab, how many, the rows of each, and their width in vec4f
// threads, across              the workgroup, and the threads in x
// slabs, slab                  gradient slabs, and vec4f from one to the next: slab z sums part z of the rows

var<storage, read> rows: array<vec4f>; // [first + count, batch, width]
var<storage, read_write> sum: array<vec4f>; // [slabs, count, width]

@compute @workgroup_size(threads)
fn rowSum(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= count * width) { return; }
  let begin = (first + i / width) * batch * width + i % width;
  let end = batch * (id.z + 1u) / slabs;
  var value = vec4f();
  for (var row = batch * id.z / slabs; row < end; row++) { value += rows[begin + row * width]; }
  let at = id.z * slab + i;
#if accumulate
  value += sum[at];
#endif
  sum[at] = value;
#if noted
  noteNotFinite(magnitudes(value), step[0]);
#endif
}
