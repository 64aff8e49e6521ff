// out[r] = W[token r] + bias, where there is one: a one-hot row times W, without the one-hot. Its gradient sums the rows of one token
// in their order, with no atomics, so it is the same at every run. `noted`: what is not finite is noted; finite-check.wgsl
// stands in front; half.wgsl of the gather.
// CPU twin: src/reference/token-gather.ts
//
// rows, width   of out, width in vec4f       threads, across   the workgroup, and the threads in x
// tokenCount    rows of W
// slabs, slab   gradient slabs, and vec4f from one to the next: slab z sums part z of each token's rows, and of all rows

// In single precision or in half.
alias Weight = vec4f;
alias Row = vec4f;

#if forward
var<storage, read> tokens: array<i32>; // [rows]
var<storage, read> weight: array<Weight>; // [tokenCount, width]
#if bias
var<storage, read> bias: array<vec4f>; // [width]
#endif
var<storage, read_write> out: array<Row>; // [rows, width]

@compute @workgroup_size(threads)
fn gather(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= rows * width) { return; }
  let row = vec4f(weight[u32(tokens[i / width]) * width + i % width]);
#if bias
  out[i] = Row(storable(row + bias[i % width]));
#else
  out[i] = Row(row);
#endif
}
#endif

#if gradient
// The rows sorted by token, stably: those of token v are order[start[v]] … order[start[v + 1] − 1].
var<storage, read> start: array<u32>; // [tokenCount + 1]
var<storage, read> order: array<u32>; // [rows]
var<storage, read> dOut: array<Row>; // [rows, width]
var<storage, read_write> dWeight: array<vec4f>; // [slabs, tokenCount, width], and from biasStart on dBias [slabs, width]

fn sumOfToken(token: u32, column: u32, z: u32) -> vec4f {
  let first = start[token];
  let count = start[token + 1u] - first;
  let end = first + count * (z + 1u) / slabs;
  var sum = vec4f();
  for (var i = first + count * z / slabs; i < end; i++) { sum += vec4f(dOut[order[i] * width + column]); }
  return sum;
}

fn store(at: u32, sum: vec4f) {
#if accumulate
  let value = dWeight[at] + sum;
#else
  let value = sum;
#endif
  dWeight[at] = value;
#if noted
  noteNotFinite(magnitudes(value), step[0]);
#endif
}

#if bias
fn sumOfAll(column: u32, z: u32) -> vec4f {
  let end = rows * (z + 1u) / slabs;
  var sum = vec4f();
  for (var first = rows * z / slabs; first < end; first += 128u) { // runs: rounding grows with their number
    var run = vec4f();
    for (var row = first; row < min(first + 128u, end); row++) { run += vec4f(dOut[row * width + column]); }
    sum += run;
  }
  return sum;
}
#endif

@compute @workgroup_size(threads)
fn gatherGradient(@builtin(global_invocation_id) id: vec3u) {
#if bias
  let i = id.x + across * id.y; // the bias comes first: its sums are the longest
  if (i < width) { store(biasStart + id.z * slab + i, sumOfAll(i, id.z)); }
  let at = i - width;
#else
  let at = id.x + across * id.y;
#endif
  if (at < tokenCount * width) { store(id.z * slab + at, sumOfToken(at / width, at % width, id.z)); }
}
#endif
