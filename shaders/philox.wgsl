// Philox4x32-10: four random words from a counter and a key, with no state. Stands in front of the shaders that draw.
// CPU twin: src/reference/philox.ts
// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
// The key is a seed and what is drawn with it (1: dropout, 2: sampling), so that no two uses share their words.

// The upper words of a · b, by halves: WGSL has no integers of 64 bits.
fn highProduct(a: vec2u, b: vec2u) -> vec2u {
  let half = vec2u(0xffffu);
  let low = (a & half) * (b & half);
  let cross = (a >> vec2u(16u)) * (b & half);
  let other = (a & half) * (b >> vec2u(16u));
  let middle = (low >> vec2u(16u)) + (cross & half) + (other & half);
  return (a >> vec2u(16u)) * (b >> vec2u(16u)) + (cross >> vec2u(16u)) + (other >> vec2u(16u)) + (middle >> vec2u(16u));
}

fn philox(counter: vec4u, key: vec2u) -> vec4u {
  let factor = vec2u(0xd2511f53u, 0xcd9e8d57u);
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high = highProduct(factor, c.xz);
    let low = factor * c.xz;
    c = vec4u(high.y ^ c.y ^ k.x, low.y, high.x ^ c.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
