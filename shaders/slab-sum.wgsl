// sum = Σ over slabs, in order: the second half of a reduction that several workgroups began.
// CPU twin: src/reference/slab-sum.ts
//
// size, slabs       vec4f of a slab, how many slabs
// threads, across   the workgroup, and the threads in x

@group(0) @binding(0) var<storage, read> parts: array<vec4f>; // [slabs, size]
@group(0) @binding(1) var<storage, read_write> sum: array<vec4f>; // [size]

@compute @workgroup_size(threads)
fn slabSum(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < size) {
    var total = parts[i];
    for (var slab = 1u; slab < slabs; slab++) { total += parts[slab * size + i]; }
    sum[i] = total;
  }
}
