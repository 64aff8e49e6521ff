// Carries states on to the next batch; behind a gate, not where a step was not finite.
// CPU twin: src/reference/state-carry.ts
//
// size              vec4f of the states
// threads, across   the workgroup, and the threads in x

var<storage, read> ended: array<vec4f>; // [size]
var<storage, read_write> carried: array<vec4f>; // [size]

@compute @workgroup_size(threads)
fn stateCarry(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < size) { carried[i] = ended[i]; }
}
