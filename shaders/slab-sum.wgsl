// sum = Σ over slabs, in order: the second half of a reduction that several workgroups began. Notes where a sum is not
// finite; finite-check.wgsl stands in front. `recorded`: the first workgroup adds up the losses meanwhile; loss-record.wgsl
// stands in front too.
// CPU twin: src/reference/slab-sum.ts
//
// size, slabs       vec4f of a slab, how many slabs
// threads, across   the workgroup, and the threads in x

var<storage, read> parts: array<vec4f>; // [slabs, size]
var<storage, read_write> sum: array<vec4f>; // [size]

@compute @workgroup_size(threads)
fn slabSum(
  @builtin(global_invocation_id) id: vec3u,
#if recorded
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
#endif
) {
#if recorded
  if (group.x + group.y == 0u) {
    recordLoss(thread);
    return;
  }
  let i = id.x + across * id.y - threads;
#else
  let i = id.x + across * id.y;
#endif
  if (i < size) {
    var total = parts[i];
    for (var slab = 1u; slab < slabs; slab++) { total += parts[slab * size + i]; }
    sum[i] = total;
    noteNotFinite(magnitudes(total), step[0]);
  }
}
