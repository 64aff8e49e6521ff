// Zeroes the rows of a state that begin anew, before the first step of a sweep.
// CPU twin: src/reference/row-reset.ts
//
// size, width       B · H and H, in vec4f
// threads, across   the workgroup, and the threads in x

@group(0) @binding(0) var<storage, read> reset: array<i32>; // [B]: not 0 where the row begins anew
@group(0) @binding(1) var<storage, read_write> state: array<vec4f>; // [slabs, B, H]: slab 0 is the initial state

@compute @workgroup_size(threads)
fn rowReset(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < size && reset[i / width] != 0) { state[i] = vec4f(); }
}
