// Barriers, one after another: 256 threads hand numbers around, 512 times, two places of each taken in turn so that
// one barrier a round is enough.

@group(0) @binding(0) var<storage, read_write> numbers: array<u32>;

var<workgroup> places: array<u32, 512>;

const rounds = 512u;

@compute @workgroup_size(256)
fn handAround(@builtin(local_invocation_index) i: u32) {
  var value = numbers[i];
  for (var round = 0u; round < rounds; round++) {
    let half = 256u * (round & 1u);
    places[half + i] = value;
    workgroupBarrier();
    value = places[half + ((i + 1u) & 255u)];
  }
  numbers[i] = value;
}
