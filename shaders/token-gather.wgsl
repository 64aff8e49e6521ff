// out[r] = W[token r] + bias: a one-hot row times W, without the one-hot. Its gradient sums the rows of one token
// in their order, with no atomics, so it is the same at every run.
// CPU twin: src/reference/token-gather.ts
//
// rows, width   of out, width in vec4f       threads, across   the workgroup, and the threads in x
// tokenCount    rows of W
// slabs, slab   gradient slabs, and vec4f from one to the next: slab z sums part z of each token's rows

#if forward
@group(0) @binding(0) var<storage, read> tokens: array<i32>; // [rows]
@group(0) @binding(1) var<storage, read> weight: array<vec4f>; // [tokenCount, width]
@group(0) @binding(2) var<storage, read> bias: array<vec4f>; // [width]
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>; // [rows, width]

@compute @workgroup_size(threads)
fn gather(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < rows * width) { out[i] = weight[u32(tokens[i / width]) * width + i % width] + bias[i % width]; }
}
#endif

// The rows sorted by token, stably: those of token v are order[start[v]] … order[start[v + 1] − 1].
#if index
@group(0) @binding(0) var<storage, read> tokens: array<i32>; // [rows]
@group(0) @binding(1) var<storage, read_write> start: array<u32>; // [tokenCount + 1]
@group(0) @binding(2) var<storage, read_write> order: array<u32>; // [rows]

@compute @workgroup_size(threads)
fn sortByToken(@builtin(global_invocation_id) id: vec3u) {
  let token = i32(id.x + across * id.y);
  if (u32(token) <= tokenCount) {
    var at = 0u;
    for (var row = 0u; row < rows; row++) { at += u32(tokens[row] < token); }
    start[token] = at;
    for (var row = 0u; row < rows; row++) {
      if (tokens[row] == token) {
        order[at] = row;
        at++;
      }
    }
  }
}
#endif

#if gradient
@group(0) @binding(0) var<storage, read> start: array<u32>; // [tokenCount + 1]
@group(0) @binding(1) var<storage, read> order: array<u32>; // [rows]
@group(0) @binding(2) var<storage, read> dOut: array<vec4f>; // [rows, width]
@group(0) @binding(3) var<storage, read_write> dWeight: array<vec4f>; // [slabs, tokenCount, width]

@compute @workgroup_size(threads)
fn gatherGradient(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x + across * id.y;
  if (at < tokenCount * width) {
    let token = at / width;
    let first = start[token];
    let count = start[token + 1u] - first;
    let end = first + count * (id.z + 1u) / slabs;
    var sum = vec4f();
    for (var i = first + count * id.z / slabs; i < end; i++) { sum += dOut[order[i] * width + at % width]; }
    dWeight[id.z * slab + at] = sum;
  }
}
#endif
