// Mean squared error, one thread a row: L = Σ (o − y)², dL/do = 2 (o − y), both times lossScale.
// CPU twin: src/reference/mean-squared-error.ts
//
// rows, batch    of the outputs; row = t · batch + b      width   K in vec4f
// threads, across   the workgroup, and the threads in x
// everyStep: rows past the end of their sequence do not count: L and dL/do are 0 there.

var<storage, read> logits: array<vec4f>; // [rows, K]
var<storage, read> targets: array<vec4f>; // [rows, K]
var<storage, read> lengths: array<i32>; // [batch]
var<uniform> lossScale: f32; // 1 / how many values count
var<storage, read_write> rowLoss: array<f32>; // [rows]
#if gradient
var<storage, read_write> dLogits: array<vec4f>; // [rows, K]
#endif

@compute @workgroup_size(threads)
fn meanSquaredError(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x + across * id.y;
  if (row >= rows) { return; }
#if everyStep
  let counts = row / batch < u32(lengths[row % batch]);
#else
  let counts = lengths[row % batch] > 0;
#endif
  let scale = select(0.0, lossScale, counts);
  var sum = 0.0;
  for (var at = row * width; at < (row + 1u) * width; at++) {
    let difference = logits[at] - targets[at];
    sum += dot(difference, difference);
#if gradient
    dLogits[at] = 2.0 * scale * difference;
#endif
  }
  rowLoss[row] = scale * sum;
}
