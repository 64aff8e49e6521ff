// The adapter's mul-add peak: eight independent chains of vec4f a thread, nothing read, one vec4f written.

@group(0) @binding(0) var<storage, read_write> out: array<vec4f>;

const rounds = 1024u;

@compute @workgroup_size(64)
fn mulAdd(@builtin(global_invocation_id) id: vec3u) {
  let x = vec4f(0.999 - 1e-9 * f32(id.x));
  let y = vec4f(1e-6 * f32(id.x));
  var a = x;
  var b = x + 1.0;
  var c = x + 2.0;
  var d = x + 3.0;
  var e = x + 4.0;
  var f = x + 5.0;
  var g = x + 6.0;
  var h = x + 7.0;
  for (var i = 0u; i < rounds; i++) {
    a = fma(a, x, y);
    b = fma(b, x, y);
    c = fma(c, x, y);
    d = fma(d, x, y);
    e = fma(e, x, y);
    f = fma(f, x, y);
    g = fma(g, x, y);
    h = fma(h, x, y);
  }
  out[id.x] = a + b + c + d + e + f + g + h;
}
