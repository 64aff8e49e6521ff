// Sets the rows of a state that begin anew, before the first step of a sweep: to zero, or `given` to rows of their own. half.wgsl stands in front.
// CPU twin: src/reference/row-reset.ts
//
// size, width       B · H and H, in vec4f
// first             where these rows begin in `state`, in vec4f
// threads, across   the workgroup, and the threads in x

var<storage, read> reset: array<i32>; // [B]: not 0 where the row begins anew
alias State = vec4f; // or in half precision
var<storage, read_write> state: array<State>; // [slabs, B, H]
#if given
var<storage, read> initial: array<vec4f>; // [B, H]
#endif

@compute @workgroup_size(threads)
fn rowReset(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < size && reset[i / width] != 0) {
#if given
    state[first + i] = State(storable(initial[i]));
#else
    state[first + i] = State();
#endif
  }
}
