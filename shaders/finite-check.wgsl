// Notes whether any number is not finite, by its bits: comparisons may be optimised away.
// `alone`: a dispatch of its own, over one tensor; else what other shaders note by, before which this then stands; `noted`: a
// training step's.
// CPU twin: src/reference/finite-check.ts
//
// size              vec4f of the tensor
// threads, across   the workgroup, and the threads in x

var<storage, read_write> notFinite: array<atomic<u32>>; // [1]: what was noted first, 0 before

// Numbers without their signs, in an order that integers keep too: infinities and NaN are from 0x7f800000 up.
fn magnitudes(numbers: vec4f) -> vec4u { return bitcast<vec4u>(numbers) & vec4u(0x7fffffffu); }

#if noted
var<uniform> step: vec2u; // [0]: the training step
#endif

// `what` is the same throughout a dispatch; 1 stands for 0, which would be no note.
fn noteNotFinite(largest: vec4u, what: u32) {
  if (max(max(largest.x, largest.y), max(largest.z, largest.w)) < 0x7f800000u) { return; }
  if (atomicLoad(&notFinite[0]) == 0u) { atomicStore(&notFinite[0], max(what, 1u)); }
}

#if alone
var<storage, read> tensor: array<vec4f>; // [size]

@compute @workgroup_size(threads)
fn finiteCheck(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < size) { noteNotFinite(magnitudes(tensor[i]), 1u); }
}
#endif
