// Notes whether any number is not finite, by its bits: comparisons may be optimised away.
// `alone`: a dispatch of its own, over one tensor; else what other shaders note by, before which this then stands.
// CPU twin: src/reference/finite-check.ts
//
// size              vec4f of the tensor
// threads, across   the workgroup, and the threads in x

@group(0) @binding(8) var<storage, read_write> notFinite: array<atomic<u32>>; // [1]: 1 where a number was not; never 0 again

fn noteNotFinite(numbers: vec4f) {
  let exponent = vec4u(0x7f800000u); // all ones for infinities and NaN
  if (any((bitcast<vec4u>(numbers) & exponent) == exponent)) { atomicStore(&notFinite[0], 1u); }
}

#if alone
@group(0) @binding(9) var<storage, read> tensor: array<vec4f>; // [size]

@compute @workgroup_size(threads)
fn finiteCheck(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < size) { noteNotFinite(tensor[i]); }
}
#endif
