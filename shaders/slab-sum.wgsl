// sum = Σ over slabs, in order: the second half of a reduction that several workgroups began; one slab is its own sum. Notes
// the training step where a sum is not finite. The first workgroup adds up the losses meanwhile: finite-check.wgsl and
// loss-record.wgsl stand in front.
// CPU twin: src/reference/slab-sum.ts
//
// size, slabs       vec4f of a slab, how many slabs
// threads, across   the workgroup, and the threads in x
// stride            of one slab: threads that share it out

@group(0) @binding(5) var<uniform> step: vec2u; // the training step
@group(0) @binding(3) var<storage, read> parts: array<vec4f>; // [slabs, size]
#if several
@group(0) @binding(4) var<storage, read_write> sum: array<vec4f>; // [size]
#endif

@compute @workgroup_size(threads)
fn slabSum(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  if (group.x + group.y == 0u) {
    recordLoss(thread);
    return;
  }
  let first = id.x + across * id.y - threads;
#if several
  if (first < size) {
    var total = parts[first];
    for (var slab = 1u; slab < slabs; slab++) { total += parts[slab * size + first]; }
    sum[first] = total;
    noteNotFinite(magnitudes(total), step[0]);
  }
#else
  // Little work for each number: few threads, with many numbers each.
  var largest = vec4u();
  for (var i = first; i < size; i += stride) { largest = max(largest, magnitudes(parts[i])); }
  noteNotFinite(largest, step[0]);
#endif
}
