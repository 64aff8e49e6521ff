// db = Σ over rows of dOut. (The bias itself is added where its sum is computed: matmul and token-gather.)
// CPU twin: src/reference/bias.ts
//
// rows, width   of dOut, width in vec4f      threads, across   the workgroup, and the threads in x
// stride, start   vec4f of a row of dOut, and the first that is summed
// slice, slab   slab z of db sums rows z·slice … of dOut; vec4f from one slab to the next

@group(0) @binding(0) var<storage, read> dOut: array<vec4f>; // [rows, width]
@group(0) @binding(1) var<storage, read_write> dBias: array<vec4f>; // [slabs, width]

@compute @workgroup_size(threads)
fn biasGradient(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x + across * id.y;
  if (column < width) {
    let end = min((id.z + 1u) * slice, rows);
    var sum = vec4f();
    for (var first = id.z * slice; first < end; first += 128u) { // runs of 128 rows: rounding grows with their number
      var run = vec4f();
      for (var row = first; row < min(first + 128u, end); row++) { run += dOut[row * stride + start + column]; }
      sum += run;
    }
    dBias[id.z * slab + column] = sum;
  }
}
