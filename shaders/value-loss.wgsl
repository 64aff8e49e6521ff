// A loss of one value at a time, one thread a row: L = Σ l(o, y) and dL/do = l'(o, y), both times lossScale and, weighted,
// what the row counts. What stands in front defines `lossAt`, l and l' of four values, their column given, of four, in a part.
// CPU twin: src/reference/value-loss.ts
//
// rows, batch    of the outputs; row = t · batch + b
// parts          side by side in a row, of which each has outputs, in vec4f width: K of one alone
// threads, across   the workgroup, and the threads in x
// everyStep: rows past the end of their sequence do not count: L and dL/do are 0 there.

var<storage, read> logits: array<vec4f>; // [rows, K]
var<storage, read> targets: array<vec4f>; // [rows, K]
var<storage, read> lengths: array<i32>; // [batch]
var<uniform> lossScale: f32; // 1 / how many values count
#if weighted
var<storage, read> weights: array<f32>; // [rows]
#endif
var<storage, read_write> rowLoss: array<f32>; // [rows]
#if gradient
var<storage, read_write> dLogits: array<vec4f>; // [rows, K]
#endif

@compute @workgroup_size(threads)
fn valueLoss(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x + across * id.y;
  if (row >= rows) { return; }
#if everyStep
  var counts = row / batch < u32(lengths[row % batch]);
#else
  var counts = lengths[row % batch] > 0;
#endif
#if weighted
  let scale = lossScale * weights[row];
  counts = counts && weights[row] > 0.0;
#else
  let scale = lossScale;
#endif
  var sum = 0.0;
  for (var column = 0u; column < parts * width; column++) {
    let at = row * parts * width + column;
    // A row that does not count, and what was added to make whole vec4f, has no loss, whatever stands there.
    let real = (4u * (column % width) + vec4u(0u, 1u, 2u, 3u) < vec4u(outputs)) & vec4<bool>(counts);
    let loss = lossAt(logits[at], targets[at], column % width);
    let value = select(vec4f(), loss.value, real);
    sum += value.x + value.y + value.z + value.w;
#if gradient
    dLogits[at] = select(vec4f(), scale * loss.derivative, real);
#endif
  }
  rowLoss[row] = scale * sum;
}
