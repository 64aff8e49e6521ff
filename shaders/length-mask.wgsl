// Sets what is of steps past a sequence's end to zero.
// CPU twin: src/reference/length-mask.ts
//
// size, width, batch   T·B·K and K in vec4f, B
// threads, across      the workgroup, and the threads in x

var<storage, read> lengths: array<i32>; // [B]
var<storage, read_write> values: array<vec4f>; // [T, B, K]

@compute @workgroup_size(threads)
fn lengthMask(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  let row = i / width;
  if (i < size && row / batch >= u32(lengths[row % batch])) { values[i] = vec4f(); }
}
