// sum[p] = Σ over the rows of parts[first + p]: how the gradient of a number a unit is made of what each row has of it.
// `noted`: what is not finite is noted; finite-check.wgsl stands in front.
// CPU twin: src/reference/row-sum.ts
//
// size, rows, width   P · H in vec4f, B, and H in vec4f
// first               the first matrix that is summed
// threads, across     the workgroup, and the threads in x

var<storage, read> parts: array<vec4f>; // [first + P or more, B, H]
var<storage, read_write> sum: array<vec4f>; // [P, H]

@compute @workgroup_size(threads)
fn rowSum(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= size) { return; }
  let at = (first + i / width) * rows * width + i % width;
  var total = vec4f();
  for (var begin = 0u; begin < rows; begin += 128u) { // runs: rounding grows with their number
    var run = vec4f();
    for (var row = begin; row < min(begin + 128u, rows); row++) { run += parts[at + row * width]; }
    total += run;
  }
#if accumulate
  total += sum[i];
#endif
  sum[i] = total;
#if noted
  noteNotFinite(magnitudes(total), step[0]);
#endif
}
