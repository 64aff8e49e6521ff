// Next to nothing: one thread adds one to a number, so that a dispatch needs the last one's result.

@group(0) @binding(0) var<storage, read_write> count: array<u32>;

@compute @workgroup_size(1)
fn tick() {
  count[0] += 1u;
}
