// Sets the rows of a state that begin anew, before the first step of a sweep: to zero, or `given` to rows of their own.
// CPU twin: src/reference/row-reset.ts
//
// size, width       B · H and H, in vec4f
// begin             where the initial state begins, in vec4f
// first             given: where this layer's rows begin, in vec4f
// threads, across   the workgroup, and the threads in x

var<storage, read> reset: array<i32>; // [B]: not 0 where the row begins anew
var<storage, read_write> state: array<vec4f>; // [slabs, B, H]: one slab is the initial state
#if given
var<storage, read> initial: array<vec4f>; // [L, B, H]
#endif

@compute @workgroup_size(threads)
fn rowReset(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < size && reset[i / width] != 0) {
#if given
    state[begin + i] = initial[first + i];
#else
    state[begin + i] = vec4f();
#endif
  }
}
